import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { resolveUsers } from '#domain/users/resolve-users.ts'
import { unknownUser } from '#domain/users/unknown-user.ts'
import { referencedUser, type User, type UserReference } from '#resources/user.ts'

/** @throws ChatError 404 if there is no such user */
export async function resolveUser(ctx: Context, caller: Caller, reference: UserReference): Promise<User> {
  const [user] = await resolveUsers(ctx, caller, [reference])
  if (!user) throw unknownUser(referencedUser(reference))
  return user
}
