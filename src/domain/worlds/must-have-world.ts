import type { Context } from '#context.ts'
import { findWorld } from '#data/worlds/worlds.ts'
import { mustExist } from '#errors.ts'
import type { World } from '#resources/worlds/world.ts'

/** @throws ChatError 404 */
export async function mustHaveWorld(ctx: Context, id: number): Promise<World> {
  return mustExist(await findWorld(ctx.db, id), 'world', id)
}
