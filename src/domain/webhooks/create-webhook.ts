import type { Context } from '#context.ts'
import { insertWebhook } from '#data/webhooks/webhooks.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { replaceWebhookSecret } from '#domain/webhooks/replace-webhook-secret.ts'
import { generateWebhookSecret } from '#domain/webhooks/webhook-secrets.ts'
import type { CreateWebhook, NewWebhook } from '#resources/webhook.ts'

/** Creates a webhook. Its secret is shown only once. */
export function createWebhook(
  ctx: Context,
  caller: ApplicationCaller,
  { secret = generateWebhookSecret(), description, ...given }: CreateWebhook,
): Promise<NewWebhook> {
  return ctx.db.transact(async (tx) => {
    const webhook = await insertWebhook(tx, caller.applicationId, {
      ...given,
      description: description ?? null,
    })
    await replaceWebhookSecret(ctx, tx, webhook.id, secret)
    await noteAct(tx, caller, {
      action: 'webhook.created',
      target: { type: 'webhook', id: webhook.id },
      details: { url: given.url, events: given.events },
    })
    return { ...webhook, secret }
  })
}
