// Nobody has to accept an invite: the invitee is a member at once (runtime contract 8.2).
import type { Context } from '#context.ts'
import { insertInvite } from '#data/channels/invites.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { admitMember } from '#domain/channels/members/admit-member.ts'
import { unlessGone } from '#errors.ts'
import type { ChannelInvite } from '#resources/invite.ts'
import type { User } from '#resources/user.ts'

/** Makes a user a member by an invite, if they are not one already. @throws ChatError 404 */
export function invite(ctx: Context, caller: Caller, channelId: number, user: User): Promise<ChannelInvite> {
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
