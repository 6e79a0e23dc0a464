import type { Context } from '#context.ts'
import { findJob } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { AnyJob } from '#resources/job.ts'

/** Returns a job of any type, for operators. @throws ChatError 404 */
export async function getAnyJob(ctx: Context, caller: ApplicationCaller, id: number): Promise<AnyJob> {
  return mustExist(await findJob(ctx.db, caller.applicationId, id), 'job', id)
}
