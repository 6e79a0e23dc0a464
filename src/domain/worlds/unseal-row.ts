import type { Context } from '#context.ts'
import { tryOpenEnvironment } from '#domain/functions/runtime/try-open-environment.ts'
import { openSecret } from '#domain/users/secrets/open-secret.ts'
import { aboutWebhook } from '#domain/webhooks/webhook-secrets.ts'
import { blockingType } from '#resources/function.ts'

// biome-ignore lint/suspicious/noExplicitAny: a row as JSON
export type Cells = Record<string, any>

/**
 * Returns a row in plain text. If the key of a runtime's variables is missing, they are left out. Returns undefined for
 * a webhook whose secret no key opens, because its receiver would refuse other signatures. But if the webhook decides
 * who may connect, it is kept without a secret, and so refuses everybody: without it, everybody might be let in.
 */
export async function unsealRow(
  ctx: Context,
  applicationId: number,
  table: string,
  row: Cells,
): Promise<Cells | undefined> {
  const open = openers[table]
  return open ? open(ctx, applicationId, row) : row
}

type Open = (ctx: Context, applicationId: number, row: Cells) => Promise<Cells | undefined>

const openers: Record<string, Open> = {
  async user_secret(ctx, _, { sealed, secret, ...row }) {
    const plain = secret === null ? null : JSON.stringify(secret)
    const stored = { userId: row.user_id, name: row.name, sealed: bytesOfHex(sealed), plain }
    return { ...row, sealed: null, secret: JSON.parse(await openSecret(ctx, stored)) }
  },
  async runtime(ctx, applicationId, { environment, ...row }) {
    const { variables = {} } = (await tryOpenEnvironment(ctx, applicationId, bytesOfHex(environment))) ?? {}
    return { ...row, environment: variables }
  },
  async webhook({ vault, log }, _, { secret, ...row }) {
    const sealed = bytesOfHex(secret) ?? new Uint8Array()
    try {
      return { ...row, secret: await vault.open(sealed, aboutWebhook(row.id)) }
    } catch (error) {
      if (row.events.includes(blockingType)) {
        log.warn(
          { err: error, webhookId: row.id },
          'a webhook that decides on connects refuses everyone until it has a new secret',
        )
        return { ...row, secret: null }
      }
      log.warn(
        { err: error, webhookId: row.id },
        'a webhook was not restored, because its secret cannot be opened',
      )
      return undefined
    }
  },
}

function bytesOfHex(text: string | null): Uint8Array<ArrayBuffer> | null {
  return text === null ? null : new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}
