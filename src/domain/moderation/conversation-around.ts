import type { Context } from '#context.ts'
import { listAround } from '#data/messages/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import type { Message } from '#resources/message.ts'

/** Returns a message with up to `each` messages before and after it, oldest first. @throws ChatError 404 */
export async function conversationAround(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  each: number,
): Promise<Message[]> {
  const { channelId } = await mustSeeMessage(ctx, caller, id)
  return listAround(ctx.db, { channelId, id, each })
}
