import type { Context } from '#context.ts'
import { readUserSessionPage } from '#data/users/sessions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { SessionState, UserSession } from '#resources/session.ts'

export interface Filters {
  state?: SessionState | undefined
}

export function listUserSessions(
  ctx: Context,
  caller: ApplicationCaller,
  { state }: Filters,
  page: PageRequest,
): Promise<Page<UserSession>> {
  return readUserSessionPage(ctx.db, caller.applicationId, state, page)
}
