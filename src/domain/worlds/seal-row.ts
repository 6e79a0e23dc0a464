import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { createRuntimeClient } from '#domain/functions/runtime/create-runtime-client.ts'
import { sealEnvironment } from '#domain/functions/runtime/seal-environment.ts'
import { tryOpenEnvironment } from '#domain/functions/runtime/try-open-environment.ts'
import { sealSecret } from '#domain/users/secrets/seal-secret.ts'
import { aboutWebhook } from '#domain/webhooks/webhook-secrets.ts'
import type { Cells } from '#domain/worlds/unseal-row.ts'

interface Sealing {
  /** The world that the row is for. */
  world: { id: number; apiKey: string }
  table: string
  /** The environment of the previous runtime, whose client is kept; if absent, a new client is created. */
  sealedBefore?: Uint8Array | null
}

/** Seals a row in plain text, as the server stores it. */
export async function sealRow(
  ctx: Context,
  tx: Tx,
  row: Cells,
  { world, table, sealedBefore = null }: Sealing,
): Promise<Cells> {
  if (table === 'user_secret') {
    const { secret, ...others } = row
    const about = { userId: Number(row.user_id), name: String(row.name) }
    return { ...others, secret: null, sealed: hex(await sealSecret(ctx, about, JSON.stringify(secret))) }
  }
  if (table === 'runtime') {
    const client =
      (await tryOpenEnvironment(ctx, world.id, sealedBefore)) ??
      (await createRuntimeClient(tx, { id: world.id, key: world.apiKey }))
    const variables = row.environment ?? {}
    return { ...row, environment: hex(await sealEnvironment(ctx, world.id, { ...client, variables })) }
  }
  if (table === 'webhook') {
    if (row.secret === null) return { ...row, secret: hex(new Uint8Array()) }
    return { ...row, secret: hex(await ctx.vault.seal(String(row.secret), aboutWebhook(Number(row.id)))) }
  }
  return row
}

/** Bytes in the form in which Postgres reads them from JSON. */
const hex = (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}`
