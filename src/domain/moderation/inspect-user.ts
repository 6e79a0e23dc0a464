import type { Context } from '#context.ts'
import { findAdministeredUser } from '#data/users/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { AdminUser } from '#resources/admin/moderation.ts'

/** Returns a user with their ban. @throws ChatError 404 */
export async function inspectUser(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  id: number,
): Promise<AdminUser> {
  return mustExist(await findAdministeredUser(ctx.db, applicationId, id), 'user', id)
}
