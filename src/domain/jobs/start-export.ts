import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getJob } from '#domain/jobs/get-job.ts'
import type { ExportType, Job } from '#resources/job.ts'

export async function startExport(ctx: Context, caller: ApplicationCaller, type: ExportType): Promise<Job> {
  await ctx.queue.ready()
  const id = await ctx.db.transact((tx) => insertJob(tx, caller.applicationId, type, {}))
  return getJob(ctx, caller, id)
}
