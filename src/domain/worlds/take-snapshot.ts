import type { Context } from '#context.ts'
import { insertSnapshot } from '#data/worlds/snapshots.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { readWorld } from '#domain/worlds/read-world.ts'
import type { Snapshot } from '#resources/worlds/world.ts'

/** Keeps what is in a world now. @throws ChatError 404 */
export async function takeSnapshot(ctx: Context, worldId: number, name?: string): Promise<Snapshot> {
  const world = await mustHaveWorld(ctx, worldId)
  const title = name ?? world.name
  return insertSnapshot(ctx.db, worldId, title, await readWorld(ctx, ctx.db, worldId, title))
}
