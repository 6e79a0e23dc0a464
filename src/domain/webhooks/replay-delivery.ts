import type { Context } from '#context.ts'
import { replayDeliveryRow } from '#data/webhooks/delivery-records.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import { mustExist } from '#errors.ts'
import type { Delivery } from '#resources/webhook.ts'

/** Sends a delivery again with the same id, starting from its first attempt. @throws ChatError 404 */
export function replayDelivery(
  ctx: Context,
  caller: ApplicationCaller,
  webhookId: number,
  id: number,
): Promise<Delivery> {
  return ctx.db.transact(async (tx) => {
    await mustFindWebhook(tx, caller.applicationId, webhookId)
    const delivery = mustExist(await replayDeliveryRow(tx, webhookId, id), 'delivery', id)
    await noteAct(tx, caller, {
      action: 'webhook.replayed',
      target: { type: 'webhook', id: webhookId },
      details: { delivery: id },
    })
    return delivery
  })
}
