import type { Context } from '#context.ts'
import { isBlocked } from '#data/channels/channel-blocks.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { invite } from '#domain/channels/members/invite.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import { refused } from '#errors.ts'
import type { ChannelInvite, SendInvite } from '#resources/invite.ts'

/** @throws ChatError 404, 400 for a direct channel or a user who is blocked in the channel */
export async function sendChannelInvite(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  input: SendInvite,
): Promise<ChannelInvite> {
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, input.user)
  if (await isBlocked(ctx.db, channelId, user.id)) {
    throw refused('channel_invite', 'user', 'invalid', `user ${user.id} is blocked in channel ${channelId}`)
  }
  return invite(ctx, caller, channelId, user)
}
