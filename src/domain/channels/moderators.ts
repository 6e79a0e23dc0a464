// Who may keep order in a group channel.
import type { Context } from '#context.ts'
import { insertMembers, setModerator } from '#data/memberships.ts'
import type { Caller } from '#domain/access.ts'
import { getChannel, mustHaveGroupChannel } from '#domain/channels/get-channel.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { ChatError, isConstraintError, notFound } from '#errors.ts'
import type { Channel } from '#resources/channel.ts'
import type { User, UserReference } from '#resources/user.ts'

/** Makes a user a moderator, and a member where it was none. @throws ChatError 404, 400 for a direct channel */
export async function addModerator(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: UserReference,
): Promise<User> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, input)
  const payload = { userId: user.id }
  try {
    await ctx.db.transact(async (tx) => {
      const joined = await insertMembers(tx, channelId, [user.id])
      if (joined.length > 0) {
        await tx.emit({ type: 'channel.member.joined', applicationId, channelId, count: 1, payload })
      }
      if (await setModerator(tx, channelId, user.id, true)) {
        await tx.emit({ type: 'channel.moderator.added', applicationId, channelId, payload })
      }
    })
  } catch (error) {
    if (isConstraintError(error, 'foreign_key')) throw notFound('channel', channelId)
    throw error
  }
  return user
}

/** Takes the office away; the user stays a member. @throws ChatError 404 for who is no moderator, 400 for a direct channel */
export async function removeModerator(
  ctx: Context,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<Channel> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  await ctx.db.transact(async (tx) => {
    if (!(await setModerator(tx, channelId, userId, false))) {
      throw new ChatError('ResourceNotFoundError', `user ${userId} is no moderator of channel ${channelId}`)
    }
    await tx.emit({ type: 'channel.moderator.deleted', applicationId, channelId, payload: { userId } })
  })
  return getChannel(ctx, caller, channelId)
}
