import { Readable } from 'node:stream'
import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { writeContents } from '#data/worlds/contents.ts'
import { createRuntimeClient } from '#domain/functions/runtime/create-runtime-client.ts'
import { sealEnvironment } from '#domain/functions/runtime/seal-environment.ts'
import { tryOpenEnvironment } from '#domain/functions/runtime/try-open-environment.ts'
import { sealSecret } from '#domain/users/secrets/seal-secret.ts'
import type { Contents } from '#domain/worlds/snapshot-file.ts'

/**
 * Writes what a world lacks of these contents, whose numbers are its own: their files' bytes first.
 * @param sealedBefore the environment of the runtime that it had, whose client goes on
 */
export async function fillWorld(
  ctx: Context,
  tx: Tx,
  world: { id: number; apiKey: string },
  { rows, bytes }: Pick<Contents, 'rows' | 'bytes'>,
  sealedBefore: Uint8Array | null = null,
): Promise<void> {
  for (const [key, base64] of bytes) {
    await ctx.files.put(key, Readable.from([Buffer.from(base64, 'base64')]), Number.POSITIVE_INFINITY)
  }
  const sealed = new Map(rows)
  await change(sealed, 'user_secret', async ({ secret, ...row }) => {
    const about = { userId: Number(row.user_id), name: String(row.name) }
    return { ...row, secret: null, sealed: hex(await sealSecret(ctx, about, JSON.stringify(secret))) }
  })
  await change(sealed, 'runtime', async ({ environment: variables, ...row }) => {
    const client =
      (await tryOpenEnvironment(ctx, world.id, sealedBefore)) ??
      (await createRuntimeClient(tx, { id: world.id, key: world.apiKey }))
    const environment = await sealEnvironment(ctx, world.id, { ...client, variables: variables ?? {} })
    return { ...row, environment: hex(environment) }
  })
  await writeContents(tx, new Map([...sealed].map(([table, rows]) => [table, `[${rows.join(',')}]`])))
}

// biome-ignore lint/suspicious/noExplicitAny: a row as JSON
type Cells = Record<string, any>

async function change(
  rows: Map<string, string[]>,
  table: string,
  to: (row: Cells) => Promise<Cells>,
): Promise<void> {
  const changed: string[] = []
  for (const row of rows.get(table) ?? []) changed.push(JSON.stringify(await to(JSON.parse(row))))
  rows.set(table, changed)
}

/** As Postgres reads bytes from JSON. */
const hex = (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}`
