import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { insertJob, setJobTotal } from '#data/jobs/jobs.ts'
import { hasMessagesThrough, messagesToClear, removeMessagesThrough } from '#data/removal/messages.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { removalOf } from '#domain/removal/removal-of.ts'

/** So many are gone with the request: 2,000 take some 0.2 s. */
const atOnceMax = 2_000
/** So long it waits for the job, so that who asks next finds none, unless there are very many. */
const patienceMs = 10_000
const lookMs = 50

/**
 * Deletes every message that an application has by now; hosted files are swept soon after. The newest are gone first; a
 * job removes the others, batch by batch, and what is left of all of them elsewhere. When it resolves, all are gone, or
 * 10 s have passed.
 */
export async function deleteMessages(ctx: Context, caller: ApplicationCaller): Promise<void> {
  const { applicationId } = caller
  await ctx.queue.ready()
  const throughId = await ctx.db.transact(async (tx) => {
    const { throughId, count } = await messagesToClear(tx, applicationId)
    await noteAct(tx, caller, { action: 'messages.deleted', details: { messages: count } })
    if (throughId === null) return null
    const removed = await removeMessagesThrough(tx, applicationId, throughId, atOnceMax)
    const { id } = await insertJob(tx, applicationId, 'MESSAGES_DELETION', { throughId })
    const gone = removed.reduce((sum, each) => sum + each.count, 0)
    await setJobTotal(tx, id, Math.max(count - gone, 0))
    await tx.emit(...removed.map((each) => removalOf(applicationId, each)))
    return throughId
  })
  if (throughId === null) return
  const giveUpAt = performance.now() + patienceMs
  while (performance.now() < giveUpAt && (await hasMessagesThrough(ctx.db, applicationId, throughId))) {
    await sleep(lookMs)
  }
}
