// Nobody has to accept an invite: the invitee is a member at once (runtime contract 8.2).
import type { Context } from '#context.ts'
import { putInvite } from '#data/channels/invites.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustStayUsers } from '#domain/access/user.ts'
import { admit } from '#domain/channels/members/admit.ts'
import { unlessGone } from '#errors.ts'
import type { ChannelInvite } from '#resources/invite.ts'
import type { User } from '#resources/user.ts'

/**
 * Makes a user a member by an invite, if they are not one already. Inviting a member again changes nothing; inviting
 * somebody who has left counts as a new invite.
 * @throws ChatError 404
 */
export function invite(ctx: Context, caller: Caller, channelId: number, user: User): Promise<ChannelInvite> {
  const { applicationId } = caller
  const inviterId = caller.kind === 'user' ? caller.userId : undefined
  const payload = { userId: user.id, ...causeOf(caller) }
  return ctx.db
    .transact(async (tx) => {
      const joined = await admit(tx, caller, channelId, user.id)
      await mustStayUsers(tx, user.id)
      const renews = joined.length > 0
      const { invite, isNew } = await putInvite(tx, { channelId, inviteeId: user.id, inviterId, renews })
      const invited = { type: 'channel.invite.created' as const, applicationId, channelId, payload }
      await tx.emit(...(isNew ? [invited] : []), ...joined)
      return invite
    })
    .catch(unlessGone('channel', channelId))
}
