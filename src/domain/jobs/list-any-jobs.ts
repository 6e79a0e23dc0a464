import type { Context } from '#context.ts'
import { readJobPage } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { AnyJob } from '#resources/job.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists jobs of every type, for operators. */
export function listAnyJobs(
  ctx: Context,
  caller: ApplicationCaller,
  page: PageRequest,
): Promise<Page<AnyJob>> {
  return readJobPage(ctx.db, caller.applicationId, {}, page)
}
