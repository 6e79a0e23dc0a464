import type { Context } from '#context.ts'
import { deleteMember } from '#data/memberships.ts'
import type { Caller } from '#domain/access.ts'
import { getChannel, mustHaveGroupChannel } from '#domain/channels/get-channel.ts'
import { ChatError } from '#errors.ts'
import type { Channel } from '#resources/channel.ts'

/** @throws ChatError 404 for a channel that does not exist or a user who is no member, 400 for a direct channel */
export async function removeMember(
  ctx: Context,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<Channel> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  await ctx.db.transact(async (tx) => {
    if (!(await deleteMember(tx, channelId, userId))) {
      throw new ChatError('ResourceNotFoundError', `user ${userId} is no member of channel ${channelId}`)
    }
    await tx.emit({ type: 'channel.member.left', applicationId, channelId, count: -1, payload: { userId } })
  })
  return getChannel(ctx, caller, channelId)
}
