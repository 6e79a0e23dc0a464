import { Readable } from 'node:stream'
import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { writeContents } from '#data/worlds/contents.ts'
import { sealedTables } from '#data/worlds/tables.ts'
import { sealRow } from '#domain/worlds/seal-row.ts'
import type { Contents } from '#domain/worlds/snapshot-file.ts'

/**
 * Writes contents that a world lacks, and that already have its own ids; the bytes of files first.
 * @param sealedBefore the environment of the world's previous runtime, whose client is kept
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
  for (const table of sealedTables) {
    const written: string[] = []
    for (const row of rows.get(table) ?? []) {
      const sealing = { world, table, sealedBefore }
      written.push(JSON.stringify(await sealRow(ctx, tx, JSON.parse(row), sealing)))
    }
    sealed.set(table, written)
  }
  await writeContents(tx, sealed)
}
