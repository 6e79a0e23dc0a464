import type { Context } from '#context.ts'
import { findThread, openMessageThread } from '#data/threads.ts'
import type { Caller } from '#domain/access.ts'
import { notFound } from '#errors.ts'
import type { Thread } from '#resources/thread.ts'

/**
 * The thread with this id. A message's id is its thread's too: the thread is opened at its first use (contract g).
 * @throws ChatError 404 where it is neither
 */
export async function getThread(ctx: Context, caller: Caller, id: number): Promise<Thread> {
  const { applicationId } = caller
  const thread =
    (await findThread(ctx.db, applicationId, id)) ?? (await openMessageThread(ctx.db, applicationId, id))
  if (!thread) throw notFound('thread', id)
  return thread
}
