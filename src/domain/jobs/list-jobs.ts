import type { Context } from '#context.ts'
import { type JobFilters, readJobPage } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { Job } from '#resources/job.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists jobs of the types that the Platform API documents. */
export async function listJobs(
  ctx: Context,
  caller: ApplicationCaller,
  { running }: Pick<JobFilters, 'running'>,
  page: PageRequest,
): Promise<Page<Job>> {
  const found = await readJobPage(ctx.db, caller.applicationId, { running, documented: true }, page)
  return found as Page<Job>
}
