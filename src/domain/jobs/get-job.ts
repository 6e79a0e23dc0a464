import type { Context } from '#context.ts'
import { findJob } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import { type AnyJob, type Job, platformJobTypes } from '#resources/job.ts'

/** @throws ChatError 404, also for a job that is not an import or export of the Platform API */
export async function getJob(ctx: Context, caller: ApplicationCaller, id: number): Promise<Job> {
  const job = await findJob(ctx.db, caller.applicationId, id)
  if (!job || !isDocumented(job)) throw notFound('job', id)
  return job
}

function isDocumented(job: AnyJob): job is Job {
  return (platformJobTypes as string[]).includes(job.type)
}
