import type { Context } from '#context.ts'
import { deleteMember } from '#data/channels/memberships.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'

/** Ends a membership. @throws ChatError 404 if the user is not a member */
export async function endMembership(
  ctx: Context,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const former = await deleteMember(tx, channelId, userId)
    if (!former) {
      throw new ChatError('ResourceNotFoundError', `user ${userId} is not a member of channel ${channelId}`)
    }
    await tx.emit({
      type: 'channel.member.left',
      applicationId,
      channelId,
      count: -1,
      payload: { userId, ...former, ...causeOf(caller) },
    })
  })
}
