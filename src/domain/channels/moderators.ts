// Who may keep order in a group channel. Of users, its moderators say so (runtime contract 8.2).
import type { Context } from '#context.ts'
import { setModerator } from '#data/memberships.ts'
import { type Caller, causeOf } from '#domain/access.ts'
import { admitMember } from '#domain/channels/admit-member.ts'
import { getChannel, mustHaveGroupChannel } from '#domain/channels/get-channel.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { ChatError, unlessGone } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { User, UserReference } from '#resources/user.ts'

/**
 * Makes a user a moderator, and a member where it was none.
 * @throws ChatError 404, 400 for a direct channel, AccessDeniedError, UserBlockedError
 */
export async function addModerator(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: UserReference,
): Promise<User> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, input)
  const payload = { userId: user.id, ...causeOf(caller) }
  await ctx.db
    .transact(async (tx) => {
      await admitMember(tx, caller, channelId, user.id)
      if (await setModerator(tx, channelId, user.id, true)) {
        await tx.emit({ type: 'channel.moderator.added', applicationId, channelId, payload })
      }
    })
    .catch(unlessGone('channel', channelId))
  return user
}

/**
 * Takes the office away; the user stays a member.
 * @throws ChatError 404 for who is no moderator, 400 for a direct channel, AccessDeniedError
 */
export async function removeModerator(
  ctx: Context,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<SeenChannel> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const payload = { userId, ...causeOf(caller) }
  await ctx.db.transact(async (tx) => {
    if (!(await setModerator(tx, channelId, userId, false))) {
      throw new ChatError('ResourceNotFoundError', `user ${userId} is no moderator of channel ${channelId}`)
    }
    await tx.emit({ type: 'channel.moderator.deleted', applicationId, channelId, payload })
  })
  return getChannel(ctx, caller, channelId)
}
