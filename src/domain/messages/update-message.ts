import type { Context } from '#context.ts'
import { lockMessage, updateMessageRow } from '#data/messages/messages.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeAllowedToChangeMessage, mustBeAuthor, mustSeeMessage } from '#domain/access/message.ts'
import { changedProperties, type PropertiesChange } from '#domain/merge-patch.ts'
import { parseText } from '#domain/messages/parse-text.ts'
import { previewLater } from '#domain/messages/preview-later.ts'
import { ChatError, mustExist } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

export interface MessageChange {
  /** Parsed again for mentions and links. */
  body?: string | undefined
  properties?: PropertiesChange | undefined
}

/**
 * Changes a message, unless nothing would change. Changes by backends and new texts by authors mark the message as
 * edited; new properties set by a user do not, because the text stays the same.
 * @throws ChatError 404; AccessDeniedError for users who edit the text of others, or may not change the message;
 * ValidationError for a body on a file message
 */
export async function updateMessage(
  ctx: Context,
  caller: Caller,
  id: number,
  { body, properties }: MessageChange,
): Promise<SeenMessage> {
  const { applicationId } = caller
  if (caller.kind === 'user') {
    const known = await (body === undefined ? mustBeAllowedToChangeMessage : mustBeAuthor)(ctx, caller, id)
    if (body !== undefined) mustHaveBody(known)
  }
  const text = body === undefined ? undefined : { body, ...(await parseText(ctx, caller, body)) }
  await ctx.db.transact(async (tx) => {
    const message = mustExist(await lockMessage(tx, applicationId, id), 'message', id)
    if (text) mustHaveBody(message)
    const changed = changedProperties(message.properties, properties)
    if (!text && !changed) return
    const edited = caller.kind === 'application' || text !== undefined
    await updateMessageRow(tx, id, { edited, ...(text && { text }), ...(changed && { properties: changed }) })
    await tx.emit({
      type: 'channel.message.updated',
      applicationId,
      channelId: message.channelId,
      payload: { messageId: id, ...causeOf(caller) },
    })
  })
  if (text) previewLater(ctx, id, text.links)
  return mustSeeMessage(ctx, caller, id)
}

function mustHaveBody({ type }: Pick<SeenMessage, 'type'>): void {
  if (!type.endsWith('FILE')) return
  const message = 'A file message has no body'
  throw new ChatError('ValidationError', message, [
    { resource: 'message', field: 'body', code: 'invalid', message },
  ])
}
