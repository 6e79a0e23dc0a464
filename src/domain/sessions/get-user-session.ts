import type { Context } from '#context.ts'
import { findUserSession } from '#data/users/sessions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { UserSession } from '#resources/session.ts'

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
