import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { endMembership } from '#domain/channels/members/end-membership.ts'
import { removeMember } from '#domain/channels/members/remove-member.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import type { LeaveChannel, SeenChannel } from '#resources/channel.ts'

/**
 * Removes the caller from a group channel, or another member if the caller is a moderator (runtime contract 8.2). The
 * channel stays, even after its last member has left.
 * @returns the channel as the caller knew it, whether or not they may still see it
 * @throws ChatError 404, 400 for a direct channel, AccessDeniedError
 */
export async function leaveChannel(
  ctx: Context,
  caller: UserCaller,
  id: number,
  { user }: LeaveChannel,
): Promise<SeenChannel> {
  const leaver = user ? (await resolveUser(ctx, caller, user)).id : caller.userId
  if (leaver !== caller.userId) return removeMember(ctx, caller, id, leaver)
  await mustHaveGroupChannel(ctx, caller, id, 'members')
  const channel = await getChannel(ctx, caller, id)
  await endMembership(ctx, caller, id, leaver)
  return { ...channel, standing: 'outsider' }
}
