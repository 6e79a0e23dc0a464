import type { Context } from '#context.ts'
import { clearContents, writeApplicationRow } from '#data/worlds/contents.ts'
import { findInitial, findInitialFile, reviveToken, saveWritten } from '#data/worlds/worlds.ts'
import { defaultScopes } from '#domain/access/caller.ts'
import { changeWorld } from '#domain/worlds/change-world.ts'
import { fillWorld } from '#domain/worlds/fill-world.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { readHeader, readSnapshotFile } from '#domain/worlds/snapshot-file.ts'
import type { World } from '#resources/worlds/world.ts'

/** After more transactions than this, all rows are rewritten, in one. */
const writtenMax = 16

/**
 * Resets a world to its state right after creation, with the same ids and a valid token. Rows that were not changed
 * since then stay in place: rewriting 1,000 messages takes 25 ms.
 * @throws ChatError 404
 */
export async function resetWorld(ctx: Context, id: number): Promise<World> {
  const world = await mustHaveWorld(ctx, id)
  await changeWorld(ctx, id, 'reset', async (tx, { isChecked }) => {
    const { header, written } = await findInitial(tx, id)
    const { application, tables } = readHeader(header)
    // If foreign keys are checked, deleting a row may change others.
    const lasting = isChecked || written.length > writtenMax ? [] : written
    const [{ kept, fileKeys, environment }, transaction] = await Promise.all([
      clearContents(tx, id, lasting),
      writeApplicationRow(tx, id, application),
      reviveToken(tx, { ...world, scope: defaultScopes.join(' ') }),
    ])
    const lacking = Object.keys(tables).filter((table) => (kept[table] ?? 0) < (tables[table] ?? 0))
    if (lacking.length === 0) return { goneFiles: fileKeys }

    const { rows, bytes } = readSnapshotFile(await findInitialFile(tx, id))
    const gone = {
      rows: new Map(lacking.map((table) => [table, rows.get(table) ?? []])),
      bytes: lacking.includes('file') ? bytes : new Map<string, string>(),
    }
    await fillWorld(ctx, tx, world, gone, environment)
    await saveWritten(tx, id, [...lasting, transaction])
    return { goneFiles: fileKeys.filter((key) => !bytes.has(key)) }
  })
  return world
}
