import type { Context } from '#context.ts'
import { findUser } from '#data/users/users.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** @throws ChatError 404 */
export async function getUser(ctx: Context, caller: Caller, id: number): Promise<User> {
  return mustExist(await findUser(ctx.db, caller.applicationId, id), 'user', id)
}
