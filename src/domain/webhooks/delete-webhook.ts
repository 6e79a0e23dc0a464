import type { Context } from '#context.ts'
import { deleteWebhookRow } from '#data/webhooks/webhooks.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { notFound } from '#errors.ts'

/** Deletes a webhook with its deliveries. @throws ChatError 404 */
export async function deleteWebhook(ctx: Context, caller: ApplicationCaller, id: number): Promise<void> {
  await ctx.db.transact(async (tx) => {
    if (!(await deleteWebhookRow(tx, caller.applicationId, id))) throw notFound('webhook', id)
    await noteAct(tx, caller, { action: 'webhook.deleted', target: { type: 'webhook', id } })
  })
}
