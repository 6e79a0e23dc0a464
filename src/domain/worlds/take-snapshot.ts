import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { isUnpublished } from '#data/worlds/contents.ts'
import { insertSnapshot } from '#data/worlds/snapshots.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { readWorld } from '#domain/worlds/read-world.ts'
import type { Snapshot } from '#resources/worlds/world.ts'

const pollMs = 5
/** In a world that is never at rest, what is yet to be published is left out. */
const patienceMs = 2_000

/**
 * Keeps what is in a world now, with what the last that happened in it sets off, such as notifications.
 * @throws ChatError 404
 */
export async function takeSnapshot(ctx: Context, worldId: number, name?: string): Promise<Snapshot> {
  const world = await mustHaveWorld(ctx, worldId)
  for (const giveUpAt = performance.now() + patienceMs; performance.now() < giveUpAt; ) {
    if (!(await isUnpublished(ctx.db, worldId))) break
    await sleep(pollMs)
  }
  const title = name ?? world.name
  return insertSnapshot(ctx.db, worldId, title, await readWorld(ctx, ctx.db, worldId, title))
}
