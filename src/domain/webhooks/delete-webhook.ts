import type { Context } from '#context.ts'
import { deleteDeliveries } from '#data/webhooks/delivery-records.ts'
import { deleteWebhookRow, updateWebhookRow } from '#data/webhooks/webhooks.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'

/** How many deliveries one commit deletes. */
const batchMax = 5_000

/**
 * Deletes a webhook with its deliveries, of which there may be more than one transaction has time for: it is disabled
 * first, so that none are added or sent meanwhile.
 * @throws ChatError 404
 */
export async function deleteWebhook(ctx: Context, caller: ApplicationCaller, id: number): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const { url, events, description } = await mustFindWebhook(tx, applicationId, id)
    await noteAct(tx, caller, { action: 'webhook.deleted', target: { type: 'webhook', id } })
    await updateWebhookRow(tx, id, { url, events, description: description ?? null, enabled: false })
  })
  while ((await deleteDeliveries(ctx.db, applicationId, id, batchMax)) === batchMax);
  await ctx.db.transact((tx) => deleteWebhookRow(tx, applicationId, id))
}
