import type { Context } from '#context.ts'
import { type JobFilters, readJobPage } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { Job } from '#resources/job.ts'
import type { Page, PageRequest } from '#resources/page.ts'

export function listJobs(
  ctx: Context,
  caller: ApplicationCaller,
  filters: JobFilters,
  page: PageRequest,
): Promise<Page<Job>> {
  return readJobPage(ctx.db, caller.applicationId, filters, page)
}
