// The offices that users give and take: what answers them is the channel.
import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access.ts'
import { getChannelAs } from '#domain/channels/get-channel-as.ts'
import { addModerator, removeModerator } from '#domain/channels/moderators.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { UserReference } from '#resources/user.ts'

/** @throws ChatError as {@link addModerator} */
export async function addModeratorAs(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  user: UserReference,
): Promise<SeenChannel> {
  await addModerator(ctx, caller, channelId, user)
  return getChannelAs(ctx, caller, channelId)
}

/** @throws ChatError as {@link removeModerator} */
export async function removeModeratorAs(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  user: UserReference,
): Promise<SeenChannel> {
  const { id } = await resolveUser(ctx, caller, user)
  return removeModerator(ctx, caller, channelId, id)
}
