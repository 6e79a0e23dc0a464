import type { Context } from '#context.ts'
import { insertDelivery } from '#data/webhooks/delivery-records.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import type { Delivery } from '#resources/webhook.ts'

/** Sends `webhook.test` to a webhook, whatever events it is subscribed to. @throws ChatError 404 */
export function testWebhook(ctx: Context, caller: ApplicationCaller, id: number): Promise<Delivery> {
  const type = 'webhook.test'
  const timestamp = new Date(ctx.clock.now()).toISOString()
  return ctx.db.transact(async (tx) => {
    await mustFindWebhook(tx, caller.applicationId, id)
    await noteAct(tx, caller, { action: 'webhook.tested', target: { type: 'webhook', id } })
    return insertDelivery(tx, id, type, JSON.stringify({ type, timestamp, data: { webhookId: id } }))
  })
}
