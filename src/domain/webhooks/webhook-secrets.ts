// Secrets that sign deliveries: `whsec_` and bytes in base64, as in the Standard Webhooks specification.
import { createHmac, randomBytes } from 'node:crypto'

const secretBytes = 32

export function generateWebhookSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`
}

/** The purpose that a webhook's secret is sealed for. */
export const aboutWebhook = (id: number) => `webhook ${id}`

/** How long a replaced secret remains valid. */
export const overlapMs = 86_400_000

/** A replaced secret that still signs, beside its successors. */
export interface FormerSecret {
  secret: string
  /** Milliseconds since 1970 by the server's clock. */
  until: number
}

/**
 * Returns the replaced secrets that are still valid, newest first.
 * @param kept JSON of {@link FormerSecret}s; earlier versions kept a single secret in its place
 */
export function formerSecrets(kept: string | null, now: number): FormerSecret[] {
  if (kept === null) return []
  if (kept.startsWith('whsec_')) return [{ secret: kept, until: now + overlapMs }]
  return (JSON.parse(kept) as FormerSecret[]).filter(({ until }) => until > now)
}

/** Returns a signature per secret, space-separated [Standard Webhooks, Signature scheme]. @param seconds since 1970 */
export function signatureOf(secrets: string[], messageId: string, seconds: number, body: string): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(
        secret.replace(/^whsec_/, () => ''),
        'base64',
      )
      return `v1,${createHmac('sha256', key).update(`${messageId}.${seconds}.${body}`).digest('base64')}`
    })
    .join(' ')
}
