import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeThread } from '#domain/access/thread.ts'
import { findOrStandIn } from '#domain/messages/find-or-stand-in.ts'
import { notFound } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/** Returns the message that a thread's messages reply to. @throws ChatError 404 also for threads of other types */
export async function getThreadMessage(ctx: Context, caller: UserCaller, id: number): Promise<SeenMessage> {
  const thread = await mustSeeThread(ctx, caller, id)
  if (thread.type !== 'MESSAGE') throw notFound('message of thread', id)
  return findOrStandIn(ctx, caller, { ...thread, nestedLevel: 0 })
}
