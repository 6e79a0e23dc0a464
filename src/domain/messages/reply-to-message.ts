import type { Context } from '#context.ts'
import { openMessageThread } from '#data/messages/threads.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { type SendHostedFile, sendMessage } from '#domain/messages/send-message.ts'
import { notFound } from '#errors.ts'
import type { SeenMessage, WriteMessage } from '#resources/message.ts'

/**
 * Replies to a message at any level: one level deeper, in the message's own thread, which the first reply creates
 * (runtime contract 8.8).
 * @throws ChatError 404
 */
export async function replyToMessage(
  ctx: Context,
  caller: UserCaller,
  id: number,
  input: WriteMessage | SendHostedFile,
): Promise<SeenMessage> {
  const { channelId, nestedLevel, repliesCount } = await mustSeeMessage(ctx, caller, id)
  const hasThread = repliesCount !== undefined
  if (!hasThread && !(await openMessageThread(ctx.db, caller.applicationId, id)))
    throw notFound('message', id)
  const thread = { id, parentId: id, nestedLevel: nestedLevel + 1 }
  return sendMessage(ctx, caller, { channelId, thread }, input)
}
