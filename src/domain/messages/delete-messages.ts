import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { insertJob, setJobTotal } from '#data/jobs/jobs.ts'
import { messagesReached } from '#data/messages/message-blocks.ts'
import { withdrawAll } from '#data/removal/withdrawal.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { subtractMessages } from '#domain/removal/subtract-messages.ts'

/** How long to wait for sends in progress, which take milliseconds; other transactions are not worth a longer wait. */
const patienceMs = 1_000
const lookMs = 5

/**
 * Deletes all messages that an application has now: when this resolves, nobody sees them any more. A job removes them
 * in batches, and then what is left of them elsewhere; hosted files are swept soon after.
 */
export async function deleteMessages(ctx: Context, caller: ApplicationCaller): Promise<void> {
  const { applicationId } = caller
  await ctx.queue.ready()
  const throughId = await lastOfNow(ctx)
  await ctx.db.transact(async (tx) => {
    const messages = await subtractMessages(
      tx,
      applicationId,
      await withdrawAll(tx, applicationId, throughId),
    )
    await noteAct(tx, caller, { action: 'messages.deleted', details: { messages } })
    if (messages === 0) return
    const { id } = await insertJob(tx, applicationId, 'MESSAGES_DELETION', { throughId })
    await setJobTotal(tx, id, messages)
  })
}

/** Returns the id of the last message sent so far, and waits until no lower id can be committed any more. */
async function lastOfNow(ctx: Context): Promise<number> {
  const reached = await messagesReached(ctx.db, undefined)
  const giveUpAt = performance.now() + patienceMs
  while (!(await messagesReached(ctx.db, reached)).isOver && performance.now() < giveUpAt) await sleep(lookMs)
  return reached.id
}
