import type { Context } from '#context.ts'
import { listSnapshotRows } from '#data/worlds/snapshots.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import type { Snapshot } from '#resources/worlds/world.ts'

/** Lists the snapshots taken from a world, oldest first. @throws ChatError 404 */
export async function listSnapshots(ctx: Context, worldId: number): Promise<Snapshot[]> {
  await mustHaveWorld(ctx, worldId)
  return listSnapshotRows(ctx.db, worldId)
}
