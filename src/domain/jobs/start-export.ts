import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ExportType, Job } from '#resources/job.ts'

/** Queues an export; the answer is the job as it was queued, PENDING. */
export async function startExport(ctx: Context, caller: ApplicationCaller, type: ExportType): Promise<Job> {
  await ctx.queue.ready()
  return ctx.db.transact((tx) => insertJob(tx, caller.applicationId, type, {}))
}
