import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { freeOfKeys } from '#data/rewriting.ts'
import { writeApplicationRow } from '#data/worlds/contents.ts'
import { findSnapshot } from '#data/worlds/snapshots.ts'
import { fillWorld } from '#domain/worlds/fill-world.ts'
import { numberContents } from '#domain/worlds/number-contents.ts'
import { readSnapshotFile } from '#domain/worlds/snapshot-file.ts'
import { mustExist } from '#errors.ts'

/** Copies the contents of a snapshot into an empty world, with new ids. @throws ChatError 404 */
export async function copySnapshot(
  ctx: Context,
  tx: Tx,
  id: number,
  world: { id: number; apiKey: string },
): Promise<void> {
  const snapshot = mustExist(await findSnapshot(tx, id), 'snapshot', id)
  const contents = readSnapshotFile(snapshot.content)
  await tx.run(freeOfKeys, [true])
  await writeApplicationRow(tx, world.id, contents.application)
  await fillWorld(ctx, tx, world, await numberContents(tx, world.id, contents))
}
