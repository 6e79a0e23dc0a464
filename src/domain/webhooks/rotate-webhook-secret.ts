import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import { replaceWebhookSecret } from '#domain/webhooks/replace-webhook-secret.ts'
import { generateWebhookSecret } from '#domain/webhooks/webhook-secrets.ts'
import type { NewWebhook } from '#resources/webhook.ts'

/** Creates a new secret, shown only once; for a day, deliveries are signed with both. @throws ChatError 404, 409 */
export function rotateWebhookSecret(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
): Promise<NewWebhook> {
  return ctx.db.transact(async (tx) => {
    const webhook = await mustFindWebhook(tx, caller.applicationId, id)
    const secret = generateWebhookSecret()
    await replaceWebhookSecret(ctx, tx, id, secret)
    await noteAct(tx, caller, { action: 'webhook.secret_rotated', target: { type: 'webhook', id } })
    return { ...webhook, secret }
  })
}
