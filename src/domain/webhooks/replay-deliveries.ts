import type { Context } from '#context.ts'
import { replayDeliveryRows } from '#data/webhooks/delivery-records.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import type { ReplayDeliveries } from '#resources/webhook.ts'

/** How many deliveries one commit replays. */
const batchMax = 5_000

/**
 * Sends the deliveries of a period again, each with its original id. There may be more than one transaction has time
 * for, so the audit notes the act first.
 * @returns how many
 * @throws ChatError 404
 */
export async function replayDeliveries(
  ctx: Context,
  caller: ApplicationCaller,
  webhookId: number,
  which: ReplayDeliveries,
): Promise<number> {
  await ctx.db.transact(async (tx) => {
    await mustFindWebhook(tx, caller.applicationId, webhookId)
    const target = { type: 'webhook', id: webhookId }
    await noteAct(tx, caller, { action: 'webhook.replayed', target, details: { ...which } })
  })
  let replayed = 0
  for (let after: number | undefined = 0; after !== undefined; ) {
    const place = { after, limit: batchMax }
    const { count, next } = await replayDeliveryRows(ctx.db, webhookId, which, place)
    replayed += count
    after = next
  }
  return replayed
}
