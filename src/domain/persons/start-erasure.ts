import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import { anonymizeUser } from '#data/persons/erasure.ts'
import { findPerson } from '#data/persons/person.ts'
import { retireUser } from '#data/users/retirement.ts'
import { type ApplicationCaller, causeOf } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { termsOf } from '#domain/persons/redactor.ts'
import { departureOf } from '#domain/users/departure-of.ts'
import { mustExist } from '#errors.ts'
import type { Erase } from '#resources/admin/person.ts'
import type { AnyJob } from '#resources/job.ts'

/**
 * Erases a person: the user is deleted and anonymized at once, so that nothing written later names them, and a job
 * removes what was written before. Users that are already deleted can be erased, too.
 * @throws ChatError 404
 */
export async function startErasure(
  ctx: Context,
  caller: ApplicationCaller,
  userId: number,
  { messages }: Erase,
): Promise<AnyJob> {
  const { applicationId } = caller
  await ctx.queue.ready()
  return ctx.db.transact(async (tx) => {
    const person = mustExist(await findPerson(tx, applicationId, userId), 'user', userId)
    if (person.deletedTime === null) {
      const retired = await retireUser(tx, applicationId, userId, { withTraces: false })
      if (retired) await tx.emit(...departureOf(applicationId, userId, retired, causeOf(caller)))
    }
    await anonymizeUser(tx, userId)
    const input = { userId, messages, name: person.name, terms: termsOf(person) }
    const job = await insertJob(tx, applicationId, 'PERSON_ERASURE', input)
    await noteAct(tx, caller, {
      action: 'user.erasure_started',
      target: { type: 'user', id: userId },
      details: { messages, jobId: job.id },
    })
    return job
  })
}
