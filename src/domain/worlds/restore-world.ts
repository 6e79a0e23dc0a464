import type { Context } from '#context.ts'
import { clearContents, writeApplicationRow } from '#data/worlds/contents.ts'
import { changeWorld } from '#domain/worlds/change-world.ts'
import { fillWorld } from '#domain/worlds/fill-world.ts'
import { getSnapshot } from '#domain/worlds/get-snapshot.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { numberContents } from '#domain/worlds/number-contents.ts'
import { readSnapshotFile } from '#domain/worlds/snapshot-file.ts'
import type { World } from '#resources/worlds/world.ts'

/**
 * Restores a world from a snapshot, with its original ids; its credentials and tokens stay. If any of these ids are
 * taken, as with another world's snapshot or a file, all ids are new.
 * @throws ChatError 404
 */
export async function restoreWorld(ctx: Context, id: number, snapshotId: number): Promise<World> {
  const world = await mustHaveWorld(ctx, id)
  const { applicationId, content } = await getSnapshot(ctx, snapshotId)
  const contents = readSnapshotFile(content)
  await changeWorld(ctx, id, 'restored', async (tx) => {
    const [{ fileKeys, environment }] = await Promise.all([
      clearContents(tx, id),
      writeApplicationRow(tx, id, contents.application),
    ])
    const own = applicationId === id ? contents : await numberContents(tx, id, contents, { isKeeping: true })
    await fillWorld(ctx, tx, world, own, environment)
    return { goneFiles: fileKeys.filter((key) => !own.bytes.has(key)) }
  })
  return world
}
