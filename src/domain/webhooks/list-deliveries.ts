import type { Context } from '#context.ts'
import { listDeliveryRows } from '#data/webhooks/delivery-records.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { Delivery, DeliveryState } from '#resources/webhook.ts'

/** Lists deliveries, newest first. @param state all if absent @throws ChatError 404 */
export async function listDeliveries(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  webhookId: number,
  state: DeliveryState | undefined,
  request: ListRequest,
): Promise<ListPart<Delivery>> {
  await mustFindWebhook(ctx.db, applicationId, webhookId)
  return listDeliveryRows(ctx.db, webhookId, state, request)
}
