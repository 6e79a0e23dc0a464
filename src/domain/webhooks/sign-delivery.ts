import { realClock } from '#clock/clock.ts'
import type { Context } from '#context.ts'
import type { DueDelivery } from '#data/webhooks/deliveries.ts'
import { aboutWebhook, signatureOf } from '#domain/webhooks/webhook-secrets.ts'

/** The headers by which a receiver knows that a delivery is ours, and which one it is; and what set it off, where that is traced. @throws where its key is missing */
export async function signDelivery(
  { vault, tracing }: Context,
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
  // One that took the place of a secret that nothing opens signs alone.
  const previous = previousSecret && (await vault.open(previousSecret, about).catch(() => null))
  const secrets = previous ? [current, previous] : [current]
  // Receivers compare it with their own time, whatever tests do to ours.
  const seconds = Math.floor(realClock.now() / 1_000)
  const traceparent = tracing?.current
  return {
    ...(traceparent !== undefined && { traceparent }),
    'webhook-id': messageId,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatureOf(secrets, messageId, seconds, body),
  }
}
