import type { Context } from '#context.ts'
import { deleteMessageRow, deleteMessageRows, findThread } from '#data/messages.ts'
import type { Caller } from '#domain/access.ts'
import { notFound } from '#errors.ts'
import type { Thread } from '#resources/thread.ts'

/** Deletes a message. @returns the thread that held it (contract g) @throws ChatError 404 */
export async function deleteMessage(ctx: Context, caller: Caller, id: number): Promise<Thread> {
  const { applicationId } = caller
  const { channelId, threadId } = await ctx.db.transact(async (tx) => {
    const deleted = await deleteMessageRow(tx, applicationId, id)
    if (!deleted) throw notFound('message', id)
    await tx.emit({
      type: 'channel.message.deleted',
      applicationId,
      channelId: deleted.channelId,
      count: -1,
      payload: { messageId: id, userId: deleted.userId },
      ...(deleted.threadId !== null && { threadId: deleted.threadId }),
    })
    return deleted
  })
  const thread = await findThread(ctx.db, channelId, threadId)
  if (!thread) throw notFound('channel', channelId)
  return thread
}

/** Deletes every message of the application. */
export async function deleteMessages(ctx: Context, caller: Caller): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const gone = await deleteMessageRows(tx, applicationId)
    await tx.emit(
      ...gone.map(({ channelId, threadId, count }) => ({
        type: 'channel.messages.deleted' as const,
        applicationId,
        channelId,
        count: -count,
        ...(threadId !== null && { threadId }),
      })),
    )
  })
}
