import type { Context } from '#context.ts'
import { lockMessage, updateMessageRow } from '#data/messages.ts'
import { causeOf, type UserCaller } from '#domain/access.ts'
import { previewLater } from '#domain/messages/add-link-previews.ts'
import { getMessageAs, isAuthor } from '#domain/messages/get-message-as.ts'
import { parseText } from '#domain/messages/parse-text.ts'
import { ChatError, notFound } from '#errors.ts'
import type { EditMessage, SeenMessage } from '#resources/message.ts'

/**
 * Gives one's own text message another body, which is parsed for mentions and links again.
 * @throws ChatError 404, AccessDeniedError for others' messages, ValidationError for a file
 */
export async function editMessage(
  ctx: Context,
  caller: UserCaller,
  id: number,
  { body }: EditMessage,
): Promise<SeenMessage> {
  const { applicationId } = caller
  const message = await getMessageAs(ctx, caller, id)
  if (!isAuthor(caller, message)) {
    throw new ChatError('AccessDeniedError', `Only its author may edit message ${id}`)
  }
  if (message.type !== 'TEXT') {
    const problem = 'A file message has no body'
    throw new ChatError('ValidationError', problem, [
      { resource: 'message', field: 'body', code: 'invalid', message: problem },
    ])
  }
  const text = { body, ...(await parseText(ctx, caller, body)) }
  await ctx.db.transact(async (tx) => {
    if (!(await lockMessage(tx, applicationId, id))) throw notFound('message', id)
    await updateMessageRow(tx, id, { edited: true, text })
    await tx.emit({
      type: 'channel.message.updated',
      applicationId,
      channelId: message.channelId,
      payload: { messageId: id, ...causeOf(caller) },
    })
  })
  previewLater(ctx, id, text.links)
  return getMessageAs(ctx, caller, id)
}
