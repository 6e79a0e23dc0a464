import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustSeeThread } from '#domain/access/thread.ts'
import { listMessagesOf } from '#domain/messages/list-messages-of.ts'
import type { Message } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** Lists the messages of a thread, newest first. @throws ChatError 404 */
export async function listThreadMessages(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  const thread = await mustSeeThread(ctx, caller, id)
  const owner =
    thread.type === 'MAIN'
      ? { of: 'main thread' as const, id: thread.channelId }
      : { of: 'thread' as const, id: thread.id }
  return listMessagesOf(ctx, caller, owner, {}, request)
}
