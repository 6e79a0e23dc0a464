import { realClock } from '#clock/clock.ts'
import type { Context } from '#context.ts'
import type { DueDelivery } from '#data/webhooks/deliveries.ts'
import { aboutWebhook, formerSecrets, signatureOf } from '#domain/webhooks/webhook-secrets.ts'

/** Returns headers that authenticate and identify a delivery, and its trace. @throws Error if the key is missing */
export async function signDelivery(
  { clock, vault, tracing }: Context,
  {
    webhookId,
    messageId,
    secret,
    previousSecret,
  }: Pick<DueDelivery, 'webhookId' | 'messageId' | 'secret' | 'previousSecret'>,
  body: string,
): Promise<Record<string, string>> {
  const about = aboutWebhook(webhookId)
  const current = await vault.open(secret, about)
  // A secret that replaced an unreadable one signs alone.
  const previous = previousSecret && (await vault.open(previousSecret, about).catch(() => null))
  const secrets = [current, ...formerSecrets(previous, clock.now()).map(({ secret }) => secret)]
  // Receivers compare the time with their own clock, so the movable clock of tests does not apply.
  const seconds = Math.floor(realClock.now() / 1_000)
  const traceparent = tracing?.current
  return {
    ...(traceparent !== undefined && { traceparent }),
    'webhook-id': messageId,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatureOf(secrets, messageId, seconds, body),
  }
}
