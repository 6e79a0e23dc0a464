import type { Context } from '#context.ts'
import { noteActivity } from '#data/channels/activity.ts'
import { withMentions } from '#data/messages/mentions.ts'
import type { NewMessage } from '#data/messages/sending.ts'
import type { MessageRecord } from '#data/rows.ts'
import { refused } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/**
 * Publishes a message in a channel that does not store messages: only its event holds it, and no counter includes it.
 * @throws ChatError 400 for a hosted file, which no stored message would refer to
 */
export async function deliverUnkept(
  ctx: Context,
  { applicationId, channelId, thread, cause, traceparent, file }: NewMessage,
  message: MessageRecord,
): Promise<SeenMessage> {
  if (file?.type === 'HOSTED') {
    throw refused('message', 'file', 'invalid', 'This channel keeps no messages, and so no files')
  }
  await withMentions(ctx.db, [message])
  const parentId = thread?.parentId ?? undefined
  const payload = {
    messageId: message.id,
    ...('user' in message && { userId: message.user.id }),
    ...(parentId !== undefined && { parentId }),
    ...(traceparent !== undefined && { traceparent }),
    ...cause,
    message,
  }
  await ctx.db.transact(async (tx) => {
    await noteActivity(tx, channelId, message.createdTime)
    await tx.emit({
      type: thread ? 'thread.message.created' : 'channel.message.created',
      applicationId,
      channelId,
      ...(thread && { threadId: thread.id }),
      payload,
    })
  })
  return message
}
