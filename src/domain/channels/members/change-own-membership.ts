// Changes that a member makes to a channel for themselves alone (runtime contract 8.7).
import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import type { SeenChannel } from '#resources/channel.ts'

/** Writes a change and, if it changed anything, its event. Returns the channel. */
export async function changeOwnMembership(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  name: 'muted' | 'unmuted' | 'hidden' | 'history_cleared',
  write: (tx: Tx) => Promise<boolean>,
): Promise<SeenChannel> {
  const { applicationId, userId } = caller
  await ctx.db.transact(async (tx) => {
    if (!(await write(tx))) return
    const payload = { userId, change: name, ...causeOf(caller) }
    await tx.emit({ type: 'channel.membership.changed', applicationId, channelId, payload })
  })
  return getChannel(ctx, caller, channelId)
}
