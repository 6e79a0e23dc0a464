import type { Context } from '#context.ts'
import { findStanding } from '#data/channels/memberships.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeChannel } from '#domain/access/channel.ts'
import { getUser } from '#domain/users/get-user.ts'

/** Returns whether a user is a member of a channel that the caller may see. @throws ChatError 404 */
export async function isChannelMember(
  ctx: Context,
  caller: UserCaller,
  { userId, channelId }: { userId: number; channelId: number },
): Promise<boolean> {
  await Promise.all([mustSeeChannel(ctx, caller, channelId), getUser(ctx, caller, userId)])
  return (await findStanding(ctx.db, channelId, userId))?.standing === 'member'
}
