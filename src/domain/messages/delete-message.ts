import type { Context } from '#context.ts'
import { expireFile } from '#data/files.ts'
import { deleteMessageRow } from '#data/messages/messages.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustMayChangeMessage } from '#domain/access/message.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { notFound } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

export interface DeletedMessage {
  /** As it was. */
  message: SeenMessage
  channelId: number
  /** Null where it was in its channel's main thread. */
  threadId: number | null
}

/**
 * Deletes a message for everybody.
 * @throws ChatError 404, also where somebody was faster; AccessDeniedError for who may not change it
 */
export async function deleteMessage(ctx: Context, caller: Caller, id: number): Promise<DeletedMessage> {
  const { applicationId } = caller
  const message = await mustMayChangeMessage(ctx, caller, id)
  const { channelId, threadId, fileKey } = await ctx.db.transact(async (tx) => {
    const deleted = await deleteMessageRow(tx, applicationId, id)
    if (!deleted) throw notFound('message', id)
    if (deleted.fileKey) await expireFile(tx, deleted.fileKey)
    await noteAct(tx, caller, {
      action: 'message.deleted',
      target: { type: 'message', id },
      details: { channelId: deleted.channelId },
    })
    await tx.emit({
      type: deleted.threadId === null ? 'channel.message.deleted' : 'thread.message.deleted',
      applicationId,
      channelId: deleted.channelId,
      count: -1,
      payload: { messageId: id, userId: deleted.userId, message, ...causeOf(caller) },
      ...(deleted.threadId !== null && { threadId: deleted.threadId }),
    })
    return deleted
  })
  if (fileKey) await discardFile(ctx, fileKey)
  return { message, channelId, threadId }
}
