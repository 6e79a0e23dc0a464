import type { Context } from '#context.ts'
import { readChatSessionPage } from '#data/users/sessions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { Filters } from '#domain/sessions/list-user-sessions.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ChatSession } from '#resources/session.ts'

export function listChatSessions(
  ctx: Context,
  caller: ApplicationCaller,
  { state }: Filters,
  page: PageRequest,
): Promise<Page<ChatSession>> {
  return readChatSessionPage(ctx.db, caller.applicationId, state, page)
}
