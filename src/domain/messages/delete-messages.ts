import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { insertJob, setJobTotal } from '#data/jobs/jobs.ts'
import { messagesReached } from '#data/messages/message-blocks.ts'
import { withdrawAll } from '#data/removal/withdrawal.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { countOff } from '#domain/removal/count-off.ts'

/** So long it waits for sends that have begun: they take milliseconds, and no other transaction is worth more. */
const patienceMs = 1_000
const lookMs = 5

/**
 * Deletes every message that an application has by now: nobody sees them any more when this resolves. A job removes them,
 * batch by batch, and what is left of them elsewhere; hosted files are swept soon after.
 */
export async function deleteMessages(ctx: Context, caller: ApplicationCaller): Promise<void> {
  const { applicationId } = caller
  await ctx.queue.ready()
  const throughId = await lastOfNow(ctx)
  await ctx.db.transact(async (tx) => {
    const messages = await countOff(tx, applicationId, await withdrawAll(tx, applicationId, throughId))
    await noteAct(tx, caller, { action: 'messages.deleted', details: { messages } })
    if (messages === 0) return
    const { id } = await insertJob(tx, applicationId, 'MESSAGES_DELETION', { throughId })
    await setJobTotal(tx, id, messages)
  })
}

/** The last message that was sent by now; when this resolves, none is still to come up to it. */
async function lastOfNow(ctx: Context): Promise<number> {
  const reached = await messagesReached(ctx.db, undefined)
  const giveUpAt = performance.now() + patienceMs
  while (!(await messagesReached(ctx.db, reached)).isOver && performance.now() < giveUpAt) await sleep(lookMs)
  return reached.id
}
