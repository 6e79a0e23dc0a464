import type { Context } from '#context.ts'
import { deleteDeliveries } from '#data/webhooks/deliveries.ts'
import { deleteWebhookRow } from '#data/webhooks/webhooks.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { notFound } from '#errors.ts'

/** How many deliveries one commit deletes. */
const batchMax = 5_000

/**
 * Deletes a webhook with its deliveries, of which there may be more than one transaction has time for.
 * @throws ChatError 404
 */
export async function deleteWebhook(ctx: Context, caller: ApplicationCaller, id: number): Promise<void> {
  while ((await deleteDeliveries(ctx.db, caller.applicationId, id, batchMax)) === batchMax);
  await ctx.db.transact(async (tx) => {
    if (!(await deleteWebhookRow(tx, caller.applicationId, id))) throw notFound('webhook', id)
    await noteAct(tx, caller, { action: 'webhook.deleted', target: { type: 'webhook', id } })
  })
}
