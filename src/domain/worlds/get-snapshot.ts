import type { Context } from '#context.ts'
import { findSnapshot, type SnapshotContent } from '#data/worlds/snapshots.ts'
import { notFound } from '#errors.ts'

/** @throws ChatError 404 */
export async function getSnapshot(ctx: Context, id: number): Promise<SnapshotContent> {
  const snapshot = await findSnapshot(ctx.db, id)
  if (!snapshot) throw notFound('snapshot', id)
  return snapshot
}
