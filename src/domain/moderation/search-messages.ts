import type { Context } from '#context.ts'
import { type AdminMessageFilters, listAdministeredMessages } from '#data/messages/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { Message } from '#resources/message.ts'

/** Lists messages, newest first; none for an unknown user or channel. */
export function searchMessages(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  filters: AdminMessageFilters,
  request: ListRequest,
): Promise<ListPart<Message>> {
  return listAdministeredMessages(ctx.db, applicationId, filters, request, ctx.clock.now())
}
