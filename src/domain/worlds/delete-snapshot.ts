import type { Context } from '#context.ts'
import { deleteSnapshotRow } from '#data/worlds/snapshots.ts'
import { notFound } from '#errors.ts'

/** @throws ChatError 404 */
export async function deleteSnapshot(ctx: Context, id: number): Promise<void> {
  if (!(await deleteSnapshotRow(ctx.db, id))) throw notFound('snapshot', id)
}
