import type { Context } from '#context.ts'
import { advanceSequences, insertRows, lockApplications } from '#data/dumps/write.ts'
import { sealedTables } from '#data/worlds/tables.ts'
import { batchesOfDump } from '#domain/dumps/batches-of-dump.ts'
import type { Dump } from '#domain/dumps/check-dump.ts'
import { forgetFiles } from '#domain/dumps/forget-files.ts'
import { storeDumpedFiles } from '#domain/dumps/store-dumped-files.ts'
import { checkKeys } from '#domain/keys/check-keys.ts'

/**
 * Restores a dump into an empty database, with all ids unchanged; either completely or not at all.
 * @param onProgress called with the number of rows written so far
 * @param signal ends it, if aborted before the last row is read
 * @throws Error for the operator, if the database is not empty, or the key of the dump's secrets is not available
 */
export async function restoreDump(
  ctx: Context,
  { path, header, manifest }: Dump,
  onProgress: (rows: number) => void = () => {},
  signal?: AbortSignal,
): Promise<void> {
  await ctx.db.transact(async (tx) => mustBeEmpty(await lockApplications(tx)))
  const hasSecrets = [...sealedTables].some((table) => (manifest.tables[table] ?? 0) > 0)
  const stored = await storeDumpedFiles(ctx, path, (key) => key, signal)
  try {
    await ctx.db.transact(async (tx) => {
      mustBeEmpty(await lockApplications(tx))
      let written = 0
      for await (const { table, rows } of batchesOfDump(path, signal)) {
        // A key that no secret is sealed with need not be available.
        if (table === 'encryption_key' && !hasSecrets) continue
        await insertRows(tx, table, header.columns[table] ?? [], rows)
        written += rows.length
        onProgress(written)
      }
      await advanceSequences(tx, manifest.sequences)
      await checkKeys(ctx, tx)
    })
  } catch (error) {
    await forgetFiles(ctx, stored)
    throw error
  }
}

function mustBeEmpty(isEmpty: boolean): void {
  if (isEmpty) return
  throw new Error(
    'The database is not empty: restore a dump before the first start, or next to other applications with --as NAME',
  )
}
