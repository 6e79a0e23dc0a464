import type { Context } from '#context.ts'
import { expireFile } from '#data/files.ts'
import { deleteMessageRow, deleteMessageRows, findMessage } from '#data/messages.ts'
import { findMainThread, findThread } from '#data/threads.ts'
import { type ApplicationCaller, type Caller, causeOf } from '#domain/access.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { notFound } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'
import type { Thread } from '#resources/thread.ts'

/** Deletes a message. @returns the thread that held it (contract g) @throws ChatError 404 */
export async function deleteMessage(ctx: Context, caller: ApplicationCaller, id: number): Promise<Thread> {
  const { applicationId } = caller
  const message = await findMessage(ctx.db, applicationId, id)
  if (!message) throw notFound('message', id)
  const { channelId, threadId } = await removeMessage(ctx, caller, message)
  const thread = await (threadId === null
    ? findMainThread(ctx.db, channelId)
    : findThread(ctx.db, applicationId, threadId))
  if (!thread) throw notFound('channel', channelId)
  return thread
}

/** Deletes a message, and tells what it was. @throws ChatError 404 where somebody was faster */
export async function removeMessage(
  ctx: Context,
  caller: Caller,
  message: SeenMessage,
): Promise<{ channelId: number; threadId: number | null }> {
  const { applicationId } = caller
  const { id } = message
  const { fileKey, ...place } = await ctx.db.transact(async (tx) => {
    const deleted = await deleteMessageRow(tx, applicationId, id)
    if (!deleted) throw notFound('message', id)
    if (deleted.fileKey) await expireFile(tx, deleted.fileKey)
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
  return place
}

/** Deletes every message of the application; hosted files are swept soon after. */
export async function deleteMessages(ctx: Context, caller: ApplicationCaller): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const gone = await deleteMessageRows(tx, applicationId)
    await tx.emit(
      ...gone.map(({ channelId, threadId, count }) => ({
        type: threadId === null ? ('channel.message.deleted' as const) : ('thread.message.deleted' as const),
        applicationId,
        channelId,
        count: -count,
        ...(threadId !== null && { threadId }),
      })),
    )
  })
}
