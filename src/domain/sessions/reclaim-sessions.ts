import type { Context } from '#context.ts'
import { reclaimSessionRows } from '#data/users/connections.ts'

/**
 * Marks connected sessions of this process as such, in case they were marked as lost.
 * @returns the ids of those that have neither ended nor moved to another process
 */
export async function reclaimSessions(ctx: Context, ids: number[]): Promise<ReadonlySet<number>> {
  return new Set(await reclaimSessionRows(ctx.db, ctx.node.id, ids))
}
