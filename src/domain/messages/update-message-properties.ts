import type { Context } from '#context.ts'
import { lockMessage, updateMessageRow } from '#data/messages.ts'
import { causeOf, type UserCaller } from '#domain/access.ts'
import { getMessageAs, mustBeAbleToChange } from '#domain/messages/get-message-as.ts'
import { notFound } from '#errors.ts'
import type { SeenMessage, UpdateMessageProperties } from '#resources/message.ts'

/**
 * Gives a message other properties in place of those it has. That is no edit: what it says stays.
 * @throws ChatError 404, AccessDeniedError for who is neither author nor moderator
 */
export async function updateMessageProperties(
  ctx: Context,
  caller: UserCaller,
  id: number,
  { properties }: UpdateMessageProperties,
): Promise<SeenMessage> {
  const { applicationId } = caller
  const { channelId } = await mustBeAbleToChange(ctx, caller, id)
  await ctx.db.transact(async (tx) => {
    if (!(await lockMessage(tx, applicationId, id))) throw notFound('message', id)
    await updateMessageRow(tx, id, { edited: false, properties })
    await tx.emit({
      type: 'channel.message.updated',
      applicationId,
      channelId,
      payload: { messageId: id, ...causeOf(caller) },
    })
  })
  return getMessageAs(ctx, caller, id)
}
