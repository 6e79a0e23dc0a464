import type { Context } from '#context.ts'
import { writeWebhookSecret } from '#data/webhooks/webhooks.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import { aboutWebhook, generateWebhookSecret } from '#domain/webhooks/webhook-secrets.ts'
import type { NewWebhook } from '#resources/webhook.ts'

/** How long deliveries are also signed with the old secret. */
const overlapMs = 86_400_000

/** Creates a new secret, shown only once; for a day, deliveries are signed with both. @throws ChatError 404 */
export function rotateWebhookSecret(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
): Promise<NewWebhook> {
  return ctx.db.transact(async (tx) => {
    const webhook = await mustFindWebhook(tx, caller.applicationId, id)
    const secret = generateWebhookSecret()
    await writeWebhookSecret(tx, id, await ctx.vault.seal(secret, aboutWebhook(id)), overlapMs)
    await noteAct(tx, caller, { action: 'webhook.secret_rotated', target: { type: 'webhook', id } })
    return { ...webhook, secret }
  })
}
