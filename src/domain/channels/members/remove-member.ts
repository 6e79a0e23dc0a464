import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { endMembership } from '#domain/channels/members/end-membership.ts'
import type { SeenChannel } from '#resources/channel.ts'

/**
 * @throws ChatError 404 if the channel does not exist or the user is not a member, 400 for a direct channel,
 * AccessDeniedError for users who are not moderators
 */
export async function removeMember(
  ctx: Context,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<SeenChannel> {
  await mustHaveGroupChannel(ctx, caller, channelId)
  await endMembership(ctx, caller, channelId, userId)
  return getChannel(ctx, caller, channelId)
}
