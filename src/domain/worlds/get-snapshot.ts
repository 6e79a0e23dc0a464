import type { Context } from '#context.ts'
import { findSnapshot, type SnapshotContent } from '#data/worlds/snapshots.ts'
import { mustExist } from '#errors.ts'

/** @throws ChatError 404 */
export async function getSnapshot(ctx: Context, id: number): Promise<SnapshotContent> {
  return mustExist(await findSnapshot(ctx.db, id), 'snapshot', id)
}
