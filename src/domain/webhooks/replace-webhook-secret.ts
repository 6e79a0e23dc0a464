import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { lockWebhookSecrets, writeWebhookSecrets } from '#data/webhooks/webhooks.ts'
import { aboutWebhook, formerSecrets, overlapMs } from '#domain/webhooks/webhook-secrets.ts'
import { ChatError } from '#errors.ts'

/** Maximum number of replaced secrets that are valid at a time: each adds a signature to every request. */
const formerMax = 8

/**
 * Sets the secret of an existing webhook. The secret that it replaces signs deliveries for another day.
 * @throws ChatError ConflictError if too many replaced secrets are still valid
 */
export async function replaceWebhookSecret(ctx: Context, tx: Tx, id: number, secret: string): Promise<void> {
  const about = aboutWebhook(id)
  const sealed = await lockWebhookSecrets(tx, id)
  const [current, previous] = await Promise.all(
    [sealed.secret, sealed.previousSecret].map(
      (each) => each && ctx.vault.open(each, about).catch(() => null), // a secret whose key is lost signs nothing
    ),
  )
  if (current === secret) return
  const now = ctx.clock.now()
  const former = formerSecrets(previous ?? null, now).filter((each) => each.secret !== secret)
  if (current) former.unshift({ secret: current, until: now + overlapMs })
  if (former.length > formerMax) {
    const message = `The secret of webhook ${id} was replaced ${formerMax} times within a day; those are valid for a day each`
    throw new ChatError('ConflictError', message)
  }
  const previousSecret = former.length === 0 ? null : await ctx.vault.seal(JSON.stringify(former), about)
  await writeWebhookSecrets(
    tx,
    id,
    { secret: await ctx.vault.seal(secret, about), previousSecret },
    overlapMs,
  )
}
