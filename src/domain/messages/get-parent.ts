import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { findOrStandIn } from '#domain/messages/find-or-stand-in.ts'
import { notFound } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/**
 * Returns the message that a reply answers. If it is gone, or the user has cleared it, returns a placeholder, because
 * clients show no reply without its parent (runtime contract 8.7).
 * @throws ChatError 404 if the message is not a reply
 */
export async function getParent(ctx: Context, caller: UserCaller, id: number): Promise<SeenMessage> {
  const reply = await mustSeeMessage(ctx, caller, id)
  if (reply.parentId === undefined) throw notFound('parent of message', id)
  return findOrStandIn(ctx, caller, { ...reply, id: reply.parentId, nestedLevel: reply.nestedLevel - 1 })
}
