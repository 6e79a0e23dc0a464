import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { admitMember } from '#domain/channels/members/admit-member.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import { unlessGone } from '#errors.ts'
import type { Channel } from '#resources/channel.ts'
import type { UserReference } from '#resources/user.ts'

/** Makes a user a member of a group channel, if not already. @throws ChatError 404, 400 for a direct channel */
export async function addMember(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  input: UserReference,
): Promise<Channel> {
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, input)
  await ctx.db
    .transact((tx) => admitMember(tx, caller, channelId, user.id))
    .catch(unlessGone('channel', channelId))
  return getChannel(ctx, caller, channelId)
}
