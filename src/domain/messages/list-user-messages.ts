import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { listMessagesOf } from '#domain/messages/list-messages-of.ts'
import type { Message } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/**
 * Lists messages that a user sent, newest first; with `unread`, messages of others in the user's channels that the user
 * has not read yet (true) or has read (false) (contract h13).
 * @throws ChatError 404
 */
export function listUserMessages(
  ctx: Context,
  caller: ApplicationCaller,
  userId: number,
  { unread }: { unread?: boolean | undefined },
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  const of = unread === undefined ? 'user' : unread ? 'unread by user' : 'read by user'
  return listMessagesOf(ctx, caller, { of, id: userId }, {}, request)
}
