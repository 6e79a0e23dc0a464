import type { Context } from '#context.ts'
import type { MessageFilters } from '#data/messages/messages.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { listMessagesOf } from '#domain/messages/list-messages-of.ts'
import type { Message } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** Lists the messages of the whole application, newest first. */
export function listApplicationMessages(
  ctx: Context,
  caller: ApplicationCaller,
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  return listMessagesOf(ctx, caller, { of: 'application', id: caller.applicationId }, filters, request)
}
