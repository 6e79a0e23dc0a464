import type { Context } from '#context.ts'
import { findStanding } from '#data/channels/memberships.ts'
import { findUser } from '#data/users/users.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveChannel } from '#domain/access/channel.ts'
import { ChatError } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** Returns the member that the link of a membership refers to. @throws ChatError 404 */
export async function getChannelMember(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  userId: number,
): Promise<User> {
  await mustHaveChannel(ctx, caller, id)
  const isMember = (await findStanding(ctx.db, id, userId))?.standing === 'member'
  const user = isMember && (await findUser(ctx.db, caller.applicationId, userId))
  if (!user) throw new ChatError('ResourceNotFoundError', `user ${userId} is not a member of channel ${id}`)
  return user
}
