import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { insertApplication } from '#data/applications/applications.ts'
import { insertSnapshot } from '#data/worlds/snapshots.ts'
import { checkSnapshotFile } from '#domain/worlds/check-snapshot-file.ts'
import { fillWorld } from '#domain/worlds/fill-world.ts'
import { numberContents } from '#domain/worlds/number-contents.ts'
import { type Contents, toLines, writeSnapshotFile } from '#domain/worlds/snapshot-file.ts'
import { isUnfit, refused } from '#errors.ts'
import type { Snapshot } from '#resources/worlds/world.ts'

/** Stores a snapshot from a file, if it can be restored. @throws ChatError 400 with the problem if it cannot */
export async function addSnapshot(ctx: Context, file: Buffer): Promise<Snapshot> {
  const { name, contents } = checkSnapshotFile(file)
  await tryOut(ctx, contents)
  const tables = [...contents.rows].map(([table, rows]) => toLines(table, rows))
  return insertSnapshot(
    ctx.db,
    null,
    name,
    writeSnapshotFile(name, contents.application, tables, contents.bytes),
  )
}

class Enough extends Error {}

/** Fills a world and rolls it back, so that the database checks the rows and their references. */
async function tryOut(ctx: Context, contents: Contents): Promise<void> {
  try {
    await ctx.db.transact(async (tx) => {
      const world = { clientId: uuid(), key: uuid(), name: '', secretHash: '' }
      const id = await insertApplication(tx, world)
      const numbered = await numberContents(tx, id, contents)
      await fillWorld(ctx, tx, { id, apiKey: world.key }, { rows: numbered.rows, bytes: new Map() })
      throw new Enough()
    })
  } catch (error) {
    if (error instanceof Enough) return
    throw isUnfit(error)
      ? refused('snapshot', 'body', 'invalid', `The file cannot be restored: ${(error as Error).message}`)
      : error
  }
}
