import type { Context } from '#context.ts'
import { findCredential, findFirstCredential } from '#data/applications/applications.ts'
import { clearContents, writeApplicationRow } from '#data/worlds/contents.ts'
import { restartNumbers } from '#data/worlds/numbers.ts'
import { deleteAllSnapshots } from '#data/worlds/snapshots.ts'
import { sweepCounters } from '#domain/retention/sweep-counters.ts'
import { changeWorld } from '#domain/worlds/change-world.ts'
import { deleteWorld } from '#domain/worlds/delete-world.ts'
import { listWorlds } from '#domain/worlds/list-worlds.ts'
import { freshApplication } from '#domain/worlds/snapshot-file.ts'
import { isGone } from '#errors.ts'

/**
 * Removes all worlds and snapshots, and empties the first application, whose credentials and tokens stay. Ids start
 * again at 1, or after those of any other applications.
 */
export async function resetServer(ctx: Context): Promise<void> {
  for (const { id } of await listWorlds(ctx)) {
    await deleteWorld(ctx, id).catch((error) => {
      if (!isGone(error)) throw error // somebody else deleted the world first
    })
  }
  await deleteAllSnapshots(ctx.db)
  const { clientId } = ctx.config
  const first = clientId ? await findCredential(ctx.db, clientId) : await findFirstCredential(ctx.db)
  if (first) {
    const { applicationId } = first
    await changeWorld(ctx, applicationId, 'reset', async (tx) => {
      const { fileKeys } = await clearContents(tx, applicationId)
      await writeApplicationRow(tx, applicationId, freshApplication)
      return { goneFiles: fileKeys }
    })
  }
  // Counters of deleted objects must go, because their ids are assigned again.
  for (let place = await sweepCounters(ctx); place; place = await sweepCounters(ctx, place));
  await ctx.db.transact((tx) => restartNumbers(tx))
}
