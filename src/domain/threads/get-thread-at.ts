import type { Context } from '#context.ts'
import { findAnyThread, findMainThread } from '#data/messages/threads.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { Thread } from '#resources/thread.ts'

/** Returns the thread that a message is in, or was. @throws ChatError 404 if its channel is gone */
export async function getThreadAt(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  { channelId, threadId }: { channelId: number; threadId: number | null },
): Promise<Thread> {
  const thread = await (threadId === null
    ? findMainThread(ctx.db, channelId)
    : findAnyThread(ctx.db, applicationId, threadId))
  if (!thread) throw notFound('channel', channelId)
  return thread
}
