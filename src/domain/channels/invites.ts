// Invites to group channels. Nobody has to accept one: the invitee is a member at once (runtime contract 8.2).
import type { Context } from '#context.ts'
import { insertInvite, isBlocked, listInvites } from '#data/invites.ts'
import { insertMembers } from '#data/memberships.ts'
import type { Caller } from '#domain/access.ts'
import { mustHaveChannel, mustHaveGroupChannel } from '#domain/channels/get-channel.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { refused } from '#errors.ts'
import type { ChannelInvite, SendInvite } from '#resources/invite.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** @throws ChatError 404 */
export async function listChannelInvites(
  ctx: Context,
  caller: Caller,
  channelId: number,
  page: PageRequest,
): Promise<Page<ChannelInvite>> {
  await mustHaveChannel(ctx, caller, channelId)
  return listInvites(ctx.db, channelId, page)
}

/** @throws ChatError 404, 400 for a direct channel or a user who is blocked in the channel */
export async function sendChannelInvite(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: SendInvite,
): Promise<ChannelInvite> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, input.user)
  if (await isBlocked(ctx.db, channelId, user.id)) {
    throw refused('channel_invite', 'user', 'invalid', `user ${user.id} is blocked in channel ${channelId}`)
  }
  const payload = { userId: user.id }
  return ctx.db.transact(async (tx) => {
    const { invite, isNew } = await insertInvite(tx, channelId, user.id)
    if (isNew) await tx.emit({ type: 'channel.invite.created', applicationId, channelId, payload })
    const joined = await insertMembers(tx, channelId, [user.id])
    if (joined.length > 0) {
      await tx.emit({ type: 'channel.member.joined', applicationId, channelId, count: 1, payload })
    }
    return invite
  })
}
