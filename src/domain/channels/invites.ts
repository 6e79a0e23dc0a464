// Invites to group channels. Nobody has to accept one: the invitee is a member at once (runtime contract 8.2).

import type { Context } from '#context.ts'
import { isBlocked } from '#data/channels/channel-blocks.ts'
import { insertInvite, listInvites } from '#data/channels/invites.ts'
import { type Caller, causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustHaveChannel, mustHaveGroupChannel } from '#domain/access/channel.ts'
import { admitMember } from '#domain/channels/admit-member.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { refused, unlessGone } from '#errors.ts'
import type { ChannelInvite, SendInvite } from '#resources/invite.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

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
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, input.user)
  if (await isBlocked(ctx.db, channelId, user.id)) {
    throw refused('channel_invite', 'user', 'invalid', `user ${user.id} is blocked in channel ${channelId}`)
  }
  return invite(ctx, caller, channelId, user)
}

/**
 * A member invites a user. @returns the invitee
 * @throws ChatError 404, 400 for a direct channel, AccessDeniedError for who is no member, UserBlockedError
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

function invite(ctx: Context, caller: Caller, channelId: number, user: User): Promise<ChannelInvite> {
  const { applicationId } = caller
  const inviterId = caller.kind === 'user' ? caller.userId : undefined
  const payload = { userId: user.id, ...causeOf(caller) }
  return ctx.db
    .transact(async (tx) => {
      const { invite, isNew } = await insertInvite(tx, channelId, user.id, inviterId)
      if (isNew) await tx.emit({ type: 'channel.invite.created', applicationId, channelId, payload })
      await admitMember(tx, caller, channelId, user.id)
      return invite
    })
    .catch(unlessGone('channel', channelId))
}
