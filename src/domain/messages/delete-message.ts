import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustBeAllowedToChangeMessage } from '#domain/access/message.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { removeMessage } from '#domain/messages/remove-message.ts'
import type { SeenMessage } from '#resources/message.ts'

export interface DeletedMessage {
  /** The message as it was. */
  message: SeenMessage
  channelId: number
  /** Null if the message was in its channel's main thread. */
  threadId: number | null
}

/**
 * Deletes a message for everybody.
 * @throws ChatError 404, also if somebody else deletes it first; AccessDeniedError if the caller may not
 */
export async function deleteMessage(ctx: Context, caller: Caller, id: number): Promise<DeletedMessage> {
  const message = await mustBeAllowedToChangeMessage(ctx, caller, id)
  const { channelId, threadId, fileKey } = await ctx.db.transact((tx) => removeMessage(tx, caller, message))
  if (fileKey) await discardFile(ctx, fileKey)
  return { message, channelId, threadId }
}
