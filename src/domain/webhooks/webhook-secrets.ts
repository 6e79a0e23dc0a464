// What deliveries are signed with: `whsec_` and bytes in base64, as the Standard Webhooks specification has it.
import { createHmac, randomBytes } from 'node:crypto'

const secretBytes = 32

export function generateWebhookSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString('base64')}`
}

/** What the secret of a webhook is sealed about. */
export const aboutWebhook = (id: number) => `webhook ${id}`

/** One for each secret, with a space between them [Standard Webhooks, Signature scheme]. @param seconds since the epoch */
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
