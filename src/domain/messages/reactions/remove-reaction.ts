import type { Context } from '#context.ts'
import { deleteReaction } from '#data/messages/reactions.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { mustFindEmoji } from '#domain/messages/reactions/react-to-message.ts'
import { getUser } from '#domain/users/get-user.ts'
import type { Reaction, ReactToMessage } from '#resources/message.ts'

/**
 * Removes a reaction, if there is one, and returns it as it was.
 * @throws ChatError 404, ValidationError if the input is not an emoji
 */
export async function removeReaction(
  ctx: Context,
  caller: UserCaller,
  id: number,
  input: ReactToMessage,
): Promise<Reaction> {
  const { applicationId, userId } = caller
  const emoji = mustFindEmoji(input.emoji)
  const { channelId } = await mustSeeMessage(ctx, caller, id)
  const user = await getUser(ctx, caller, userId)
  const createdTime = await ctx.db.transact(async (tx) => {
    const createdTime = await deleteReaction(tx, id, userId, emoji.character)
    if (createdTime === undefined) return new Date(ctx.clock.now()).toISOString()
    await tx.emit({
      type: 'message.reaction.removed',
      applicationId,
      channelId,
      payload: { messageId: id, userId, emoji: emoji.character, createdTime, ...causeOf(caller) },
    })
    return createdTime
  })
  return { messageId: id, emoji, user, createdTime }
}
