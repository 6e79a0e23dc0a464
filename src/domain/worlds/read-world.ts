import { buffer } from 'node:stream/consumers'
import type { Context } from '#context.ts'
import type { Querier } from '#data/database.ts'
import { readApplicationRow, readContents, type TableLines } from '#data/worlds/contents.ts'
import { sealedTables } from '#data/worlds/tables.ts'
import { toLines, writeSnapshotFile } from '#domain/worlds/snapshot-file.ts'
import { unsealRow } from '#domain/worlds/unseal-row.ts'
import { isGone, mustExist } from '#errors.ts'

/**
 * Returns all contents of a world as the file of a snapshot. What the server encrypts is in plain text there, because
 * others are to read it.
 */
export async function readWorld(ctx: Context, db: Querier, id: number, name: string): Promise<string> {
  const application = mustExist(await readApplicationRow(db, id), 'world', id)
  const tables = await Promise.all((await readContents(db, id)).map((table) => opened(ctx, id, table)))
  const files = tables.find(({ table }) => table === 'file')?.lines?.split('\n') ?? []
  const bytes = new Map<string, string>()
  for (const line of files) {
    const [, { key }] = JSON.parse(line) as [string, { key: string }]
    const base64 = await bytesOf(ctx, key)
    if (base64 !== undefined) bytes.set(key, base64)
  }
  return writeSnapshotFile(name, application, tables, bytes)
}

/** Returns undefined if the file was deleted after its row was read. */
async function bytesOf(ctx: Context, key: string): Promise<string | undefined> {
  try {
    return (await buffer(await ctx.files.open(key))).toString('base64')
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

async function opened(ctx: Context, applicationId: number, table: TableLines): Promise<TableLines> {
  if (!sealedTables.has(table.table) || table.lines === null) return table
  const rows = table.lines.split('\n').map((line) => JSON.parse(line)[1])
  const changed = await Promise.all(rows.map((row) => unsealRow(ctx, applicationId, table.table, row)))
  return toLines(
    table.table,
    changed.flatMap((row) => (row ? [JSON.stringify(row)] : [])),
  )
}
