import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { invite } from '#domain/channels/members/invite.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import type { SendInvite } from '#resources/invite.ts'
import type { User } from '#resources/user.ts'

/**
 * Invites a user on behalf of a member, and returns the invitee.
 * @throws ChatError 404, 400 for a direct channel, AccessDeniedError if the caller is not a member, UserBlockedError
 */
export async function inviteUser(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  input: SendInvite,
): Promise<User> {
  await mustHaveGroupChannel(ctx, caller, channelId, 'members')
  const user = await resolveUser(ctx, caller, input.user)
  await invite(ctx, caller, channelId, user)
  return user
}
