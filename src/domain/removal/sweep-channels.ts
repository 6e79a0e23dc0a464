import type { Context } from '#context.ts'
import {
  deleteRemovedChannel,
  findStrayChannels,
  kindsInChannels,
  lockRemovedChannel,
  removeKindOf,
  removeMessagesOf,
} from '#data/removal/channel-rows.ts'
import { batchMax } from '#domain/removal/in-batches.ts'

/**
 * Removes a batch of the contents of closed channels that no job handles any more, because their application is gone.
 * @returns whether there may be more
 */
export async function sweepChannels(ctx: Context): Promise<boolean> {
  const [id] = await findStrayChannels(ctx.db, 1)
  if (id === undefined) return false
  await ctx.db.transact(async (tx) => {
    if (!(await lockRemovedChannel(tx, id))) return
    if ((await removeMessagesOf(tx, id, batchMax)).gone > 0) return
    for (let kind = 0; kind < kindsInChannels; kind += 1) {
      if ((await removeKindOf(tx, kind, id, batchMax)) >= batchMax) return
    }
    await deleteRemovedChannel(tx, id)
  })
  return true
}
