import type { Context } from '#context.ts'
import { setModerator } from '#data/channels/memberships.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { ChatError } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/**
 * Makes a moderator an ordinary member.
 * @throws ChatError 404 if the user is not a moderator, 400 for a direct channel, AccessDeniedError
 */
export async function removeModerator(
  ctx: Context,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<SeenChannel> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const payload = { userId, ...causeOf(caller) }
  await ctx.db.transact(async (tx) => {
    if (!(await setModerator(tx, channelId, userId, false))) {
      throw new ChatError(
        'ResourceNotFoundError',
        `user ${userId} is not a moderator of channel ${channelId}`,
      )
    }
    await tx.emit({ type: 'channel.moderator.deleted', applicationId, channelId, payload })
  })
  return getChannel(ctx, caller, channelId)
}
