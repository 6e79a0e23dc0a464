import type { Context } from '#context.ts'
import { findUsers } from '#data/users/users.ts'
import type { Caller } from '#domain/access/caller.ts'
import { unknownUser } from '#domain/users/unknown-user.ts'
import { referencedUser, type User, type UserReference } from '#resources/user.ts'

/**
 * Returns the users that references mean, each once, in one round trip.
 * @throws ChatError 404 that names the first unknown user
 */
export async function resolveUsers(
  ctx: Context,
  caller: Caller,
  references: UserReference[],
): Promise<User[]> {
  if (references.length === 0) return []
  const wanted = references.map(referencedUser)
  const users = await findUsers(ctx.db, caller.applicationId, wanted)
  const found = users.map((user, at) => {
    if (user) return user
    throw unknownUser(wanted[at] ?? {})
  })
  return [...new Map(found.map((user) => [user.id, user])).values()]
}
