import type { Context } from '#context.ts'
import { replayDeliveryRows } from '#data/webhooks/delivery-records.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import type { ReplayDeliveries } from '#resources/webhook.ts'

/** Sends the deliveries of a period again, each with its original id. @returns how many @throws ChatError 404 */
export function replayDeliveries(
  ctx: Context,
  caller: ApplicationCaller,
  webhookId: number,
  which: ReplayDeliveries,
): Promise<number> {
  return ctx.db.transact(async (tx) => {
    await mustFindWebhook(tx, caller.applicationId, webhookId)
    const count = await replayDeliveryRows(tx, webhookId, which)
    await noteAct(tx, caller, {
      action: 'webhook.replayed',
      target: { type: 'webhook', id: webhookId },
      details: { ...which, count },
    })
    return count
  })
}
