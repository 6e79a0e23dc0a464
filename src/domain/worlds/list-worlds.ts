import type { Context } from '#context.ts'
import { listWorldRows } from '#data/worlds/worlds.ts'
import type { World } from '#resources/worlds/world.ts'

/** Lists all worlds, oldest first. */
export function listWorlds(ctx: Context): Promise<World[]> {
  return listWorldRows(ctx.db)
}
