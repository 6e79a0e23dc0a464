import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { isUnpublished } from '#data/worlds/contents.ts'
import { insertSnapshot } from '#data/worlds/snapshots.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { readWorld } from '#domain/worlds/read-world.ts'
import type { Snapshot } from '#resources/worlds/world.ts'

const pollMs = 5
/** How long to wait for unpublished events; in a world that never rests, the rest of them is left out. */
const patienceMs = 2_000

/** Takes a snapshot of a world, including effects of its last events, such as notifications. @throws ChatError 404 */
export async function takeSnapshot(ctx: Context, worldId: number, name?: string): Promise<Snapshot> {
  const world = await mustHaveWorld(ctx, worldId)
  for (const giveUpAt = performance.now() + patienceMs; performance.now() < giveUpAt; ) {
    if (!(await isUnpublished(ctx.db, worldId))) break
    await sleep(pollMs)
  }
  const title = name ?? world.name
  return insertSnapshot(ctx.db, worldId, title, await readWorld(ctx, ctx.db, worldId, title))
}
