import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { findOrStandIn } from '#domain/messages/find-or-stand-in.ts'
import { notFound } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/**
 * What a message replies to. If that is gone, or the user has cleared it, there is a message in its place, for clients
 * show no reply without its parent (runtime contract 8.7).
 * @throws ChatError 404 for what is no reply
 */
export async function getParent(ctx: Context, caller: UserCaller, id: number): Promise<SeenMessage> {
  const reply = await mustSeeMessage(ctx, caller, id)
  if (reply.parentId === undefined) throw notFound('parent of message', id)
  return findOrStandIn(ctx, caller, { ...reply, id: reply.parentId, nestedLevel: reply.nestedLevel - 1 })
}
