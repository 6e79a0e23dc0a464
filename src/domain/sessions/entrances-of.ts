import type { Context } from '#context.ts'
import { type Entrance, findEntrances } from '#data/applications/entrances.ts'

/** Returns how these applications let users in, without those that are deleted or being deleted. */
export function entrancesOf(ctx: Context, ids: number[]): Promise<Map<number, Entrance>> {
  return findEntrances(ctx.db, ids)
}
