import type { Context } from '#context.ts'
import { findEmoji } from '#data/messages/emoji.ts'
import { insertReaction } from '#data/messages/reactions.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { mustStayUsers } from '#domain/access/user.ts'
import { getUser } from '#domain/users/get-user.ts'
import { ChatError, unlessGone } from '#errors.ts'
import type { Emoji, Reaction, ReactToMessage } from '#resources/message.ts'

/**
 * Reacts to a message with an emoji; repeating the same reaction changes nothing (runtime contract 8.8).
 * @throws ChatError 404, ValidationError if the input is not an emoji
 */
export async function reactToMessage(
  ctx: Context,
  caller: UserCaller,
  id: number,
  input: ReactToMessage,
): Promise<Reaction> {
  const { applicationId, userId } = caller
  const emoji = mustFindEmoji(input.emoji)
  const { channelId } = await mustSeeMessage(ctx, caller, id)
  const user = await getUser(ctx, caller, userId)
  const createdTime = await ctx.db
    .transact(async (tx) => {
      await mustStayUsers(tx, userId)
      const { createdTime, isNew } = await insertReaction(tx, id, userId, emoji.character)
      if (!isNew) return createdTime
      await tx.emit({
        type: 'message.reaction.created',
        applicationId,
        channelId,
        payload: { messageId: id, userId, emoji: emoji.character, createdTime, ...causeOf(caller) },
      })
      return createdTime
    })
    .catch(unlessGone('message', id))
  return { messageId: id, emoji, user, createdTime }
}

/** @throws ChatError ValidationError */
export function mustFindEmoji(text: string): Emoji {
  const emoji = findEmoji(text)
  if (emoji) return emoji
  const message = 'emoji must be an emoji, or the alias of one, such as :thumbsup:'
  throw new ChatError('ValidationError', message, [
    { resource: 'reaction', field: 'emoji', code: 'invalid', message },
  ])
}
