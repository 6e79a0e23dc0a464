import type { Context } from '#context.ts'
import { findLevelInThread, findMessage } from '#data/messages/messages.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustSeeThread } from '#domain/access/thread.ts'
import { type MessageTarget, type SendHostedFile, sendMessage } from '#domain/messages/send-message.ts'
import type { SeenMessage, SendMessage } from '#resources/message.ts'
import type { Thread } from '#resources/thread.ts'

/** Sends a message to a thread; in a message's thread, it is a reply, one level deeper. @throws ChatError 404 */
export async function sendThreadMessage(
  ctx: Context,
  caller: Caller,
  id: number,
  input: SendMessage | SendHostedFile,
): Promise<SeenMessage> {
  const thread = await mustSeeThread(ctx, caller, id)
  return sendMessage(ctx, caller, await targetIn(ctx, caller, thread), input)
}

async function targetIn(
  ctx: Context,
  caller: Caller,
  { id, type, channelId }: Thread,
): Promise<MessageTarget> {
  if (type === 'MAIN') return { channelId }
  if (type === 'STANDALONE') return { channelId, thread: { id, parentId: null, nestedLevel: 0 } }
  const root = await findMessage(ctx.db, caller.applicationId, id)
  const nestedLevel = root ? root.nestedLevel + 1 : ((await findLevelInThread(ctx.db, id)) ?? 1)
  return { channelId, thread: { id, parentId: id, nestedLevel } }
}
