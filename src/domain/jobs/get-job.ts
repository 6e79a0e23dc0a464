import type { Context } from '#context.ts'
import { findJob } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { Job } from '#resources/job.ts'

/** @throws ChatError 404 */
export async function getJob(ctx: Context, caller: ApplicationCaller, id: number): Promise<Job> {
  const job = await findJob(ctx.db, caller.applicationId, id)
  if (!job) throw notFound('job', id)
  return job
}
