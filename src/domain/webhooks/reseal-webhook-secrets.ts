import type { Context } from '#context.ts'
import type { SealedWebhook } from '#data/webhooks/webhooks.ts'
import { aboutWebhook } from '#domain/webhooks/webhook-secrets.ts'

/** Reseals both secrets with the ring's first key. @throws Error if no key of the ring opens them */
export async function resealWebhookSecrets(
  { vault }: Context,
  { id, secret, previousSecret }: SealedWebhook,
): Promise<{ secret: Uint8Array; previousSecret: Uint8Array | null }> {
  const about = aboutWebhook(id)
  const reseal = async (sealed: Uint8Array) => vault.seal(await vault.open(sealed, about), about)
  return { secret: await reseal(secret), previousSecret: previousSecret && (await reseal(previousSecret)) }
}
