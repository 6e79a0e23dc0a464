import type { Context } from '#context.ts'
import { updateWebhookRow } from '#data/webhooks/webhooks.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import { replaceWebhookSecret } from '#domain/webhooks/replace-webhook-secret.ts'
import { mustExist } from '#errors.ts'
import type { PatchWebhook, Webhook } from '#resources/webhook.ts'

/**
 * Changes the given fields. A webhook that is enabled receives its pending deliveries. A new secret replaces the old one
 * as in a rotation.
 * @throws ChatError 404, 409
 */
export function updateWebhook(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  patch: PatchWebhook,
): Promise<Webhook> {
  return ctx.db.transact(async (tx) => {
    const { url, events, description, enabled } = await mustFindWebhook(tx, caller.applicationId, id)
    await noteAct(tx, caller, {
      action: 'webhook.updated',
      target: { type: 'webhook', id },
      details: { changed: Object.keys(patch) },
    })
    if (patch.secret !== undefined) await replaceWebhookSecret(ctx, tx, id, patch.secret)
    const updated = await updateWebhookRow(tx, id, {
      url: patch.url ?? url,
      events: patch.events ?? events,
      description: patch.description === undefined ? (description ?? null) : patch.description,
      enabled: patch.enabled ?? enabled,
    })
    return mustExist(updated, 'webhook', id)
  })
}
