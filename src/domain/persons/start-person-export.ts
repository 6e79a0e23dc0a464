import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import { findPerson } from '#data/persons/person.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { notFound } from '#errors.ts'
import type { AnyJob } from '#resources/job.ts'

/** Starts a job that exports a person's data as a ZIP, even if they are deleted. @throws ChatError 404 */
export async function startPersonExport(
  ctx: Context,
  caller: ApplicationCaller,
  userId: number,
): Promise<AnyJob> {
  const { applicationId } = caller
  await ctx.queue.ready()
  return ctx.db.transact(async (tx) => {
    if (!(await findPerson(tx, applicationId, userId))) throw notFound('user', userId)
    const job = await insertJob(tx, applicationId, 'PERSON_EXPORT', { userId })
    await noteAct(tx, caller, {
      action: 'user.exported',
      target: { type: 'user', id: userId },
      details: { jobId: job.id },
    })
    return job
  })
}
