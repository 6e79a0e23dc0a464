import type { Context } from '#context.ts'
import { findUserSession, readChatSessionPage, readUserSessionPage } from '#data/users/sessions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ChatSession, SessionState, UserSession } from '#resources/session.ts'

interface Filters {
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

/** @throws ChatError 404 */
export async function getUserSession(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
): Promise<UserSession> {
  const session = await findUserSession(ctx.db, caller.applicationId, id)
  if (!session) throw notFound('user_session', id)
  return session
}

export function listChatSessions(
  ctx: Context,
  caller: ApplicationCaller,
  { state }: Filters,
  page: PageRequest,
): Promise<Page<ChatSession>> {
  return readChatSessionPage(ctx.db, caller.applicationId, state, page)
}
