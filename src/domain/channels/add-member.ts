import type { Context } from '#context.ts'
import { insertMembers } from '#data/memberships.ts'
import type { Caller } from '#domain/access.ts'
import { getChannel, mustHaveGroupChannel } from '#domain/channels/get-channel.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { isConstraintError, notFound } from '#errors.ts'
import type { Channel } from '#resources/channel.ts'
import type { UserReference } from '#resources/user.ts'

/** Makes a user a member of a group channel; who is one stays one. @throws ChatError 404, 400 for a direct channel */
export async function addMember(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: UserReference,
): Promise<Channel> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, input)
  try {
    await ctx.db.transact(async (tx) => {
      const joined = await insertMembers(tx, channelId, [user.id])
      if (joined.length === 0) return
      await tx.emit({
        type: 'channel.member.joined',
        applicationId,
        channelId,
        count: 1,
        payload: { userId: user.id },
      })
    })
  } catch (error) {
    if (isConstraintError(error, 'foreign_key')) throw notFound('channel', channelId)
    throw error
  }
  return getChannel(ctx, caller, channelId)
}
