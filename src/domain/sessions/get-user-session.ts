import type { Context } from '#context.ts'
import { findUserSession } from '#data/users/sessions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { UserSession } from '#resources/session.ts'

/** @throws ChatError 404 */
export async function getUserSession(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
): Promise<UserSession> {
  return mustExist(await findUserSession(ctx.db, caller.applicationId, id), 'user_session', id)
}
