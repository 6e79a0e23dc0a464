import type { Context } from '#context.ts'
import { type Entrance, findEntrances } from '#data/applications/entrances.ts'

/** How these applications let users in; those that are deleted, or are being deleted, are not among them. */
export function entrancesOf(ctx: Context, ids: number[]): Promise<Map<number, Entrance>> {
  return findEntrances(ctx.db, ids)
}
