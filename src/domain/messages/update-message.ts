import type { Context } from '#context.ts'
import { lockMessage, updateMessageRow } from '#data/messages.ts'
import type { ApplicationCaller } from '#domain/access.ts'
import { patchProperties } from '#domain/merge-patch.ts'
import { previewLater } from '#domain/messages/add-link-previews.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { parseText } from '#domain/messages/parse-text.ts'
import { notFound, refused } from '#errors.ts'
import type { Message, PatchMessage } from '#resources/message.ts'

/**
 * Applies a merge patch (RFC 7396) and marks the message as edited; an empty patch changes nothing.
 * @throws ChatError 404, 400 for a body on a file message
 */
export async function updateMessage(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  patch: PatchMessage,
): Promise<Message> {
  const { applicationId } = caller
  const { body } = patch
  const text = body === undefined ? undefined : { body, ...(await parseText(ctx, caller, body)) }
  await ctx.db.transact(async (tx) => {
    const message = await lockMessage(tx, applicationId, id)
    if (!message) throw notFound('message', id)
    if (text && message.type.endsWith('FILE')) {
      throw refused('message', 'body', 'invalid', 'A file message has no body')
    }
    const properties = patchProperties(message.properties, patch.properties)
    if (!text && !properties) return
    await updateMessageRow(tx, id, { edited: true, ...(text && { text }), ...(properties && { properties }) })
    await tx.emit({
      type: 'channel.message.updated',
      applicationId,
      channelId: message.channelId,
      payload: { messageId: id },
    })
  })
  if (text) previewLater(ctx, id, text.links)
  return getMessage(ctx, caller, id)
}
