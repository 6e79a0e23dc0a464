import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { endMembership } from '#domain/channels/members/end-membership.ts'
import { removeMember } from '#domain/channels/members/remove-member.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import type { LeaveChannel, SeenChannel } from '#resources/channel.ts'

/**
 * The caller leaves a group channel, or a moderator sends another member away (runtime contract 8.2). The last member
 * that leaves keeps the channel.
 * @returns the channel as the caller knew it, whether or not it still may see it
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
