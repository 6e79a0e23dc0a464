// Secrets that sign deliveries: `whsec_` and bytes in base64, as in the Standard Webhooks specification.
import { createHmac, randomBytes } from 'node:crypto'

const secretBytes = 32

export function generateWebhookSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`
}

/** The purpose that a webhook's secret is sealed for. */
export const aboutWebhook = (id: number) => `webhook ${id}`

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
