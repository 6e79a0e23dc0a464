import type { Context } from '#context.ts'
import { setMuted } from '#data/channels/memberships.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { changeOwnMembership } from '#domain/channels/members/change-own-membership.ts'
import type { MuteChannel, SeenChannel } from '#resources/channel.ts'

/** Mutes or unmutes a channel, and its notifications with it. @throws ChatError 404, AccessDeniedError */
export async function muteChannel(
  ctx: Context,
  caller: UserCaller,
  id: number,
  { state }: MuteChannel,
): Promise<SeenChannel> {
  await mustBeMember(ctx, caller, id)
  const muted = state === 'ON'
  return changeOwnMembership(ctx, caller, id, muted ? 'muted' : 'unmuted', (tx) =>
    setMuted(tx, id, caller.userId, muted),
  )
}
