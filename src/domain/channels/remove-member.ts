import type { Context } from '#context.ts'
import { deleteMember } from '#data/channels/memberships.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { ChatError } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/**
 * @throws ChatError 404 for a channel that does not exist or a user who is no member, 400 for a direct channel,
 * AccessDeniedError for users who are no moderators
 */
export async function removeMember(
  ctx: Context,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<SeenChannel> {
  await mustHaveGroupChannel(ctx, caller, channelId)
  await takeOut(ctx, caller, channelId, userId)
  return getChannel(ctx, caller, channelId)
}

/** Ends a membership and tells it. @throws ChatError 404 */
export async function takeOut(
  ctx: Context,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    if (!(await deleteMember(tx, channelId, userId))) {
      throw new ChatError('ResourceNotFoundError', `user ${userId} is no member of channel ${channelId}`)
    }
    await tx.emit({
      type: 'channel.member.left',
      applicationId,
      channelId,
      count: -1,
      payload: { userId, ...causeOf(caller) },
    })
  })
}
