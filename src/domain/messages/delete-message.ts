import type { Context } from '#context.ts'
import { expireFile } from '#data/files.ts'
import { deleteMessageRow, deleteMessageRows } from '#data/messages.ts'
import { findMainThread, findThread } from '#data/threads.ts'
import type { Caller } from '#domain/access.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { notFound } from '#errors.ts'
import type { Thread } from '#resources/thread.ts'

/** Deletes a message. @returns the thread that held it (contract g) @throws ChatError 404 */
export async function deleteMessage(ctx: Context, caller: Caller, id: number): Promise<Thread> {
  const { applicationId } = caller
  const { channelId, threadId, fileKey } = await ctx.db.transact(async (tx) => {
    const deleted = await deleteMessageRow(tx, applicationId, id)
    if (!deleted) throw notFound('message', id)
    if (deleted.fileKey) await expireFile(tx, deleted.fileKey)
    await tx.emit({
      type: deleted.threadId === null ? 'channel.message.deleted' : 'thread.message.deleted',
      applicationId,
      channelId: deleted.channelId,
      count: -1,
      payload: { messageId: id, userId: deleted.userId },
      ...(deleted.threadId !== null && { threadId: deleted.threadId }),
    })
    return deleted
  })
  if (fileKey) await discardFile(ctx, fileKey)
  const thread = await (threadId === null
    ? findMainThread(ctx.db, channelId)
    : findThread(ctx.db, applicationId, threadId))
  if (!thread) throw notFound('channel', channelId)
  return thread
}

/** Deletes every message of the application; hosted files are swept soon after. */
export async function deleteMessages(ctx: Context, caller: Caller): Promise<void> {
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
