import type { Context } from '#context.ts'
import { usersById } from '#data/users/users.ts'

/** Returns the names of existing users, by id. */
export async function namesOfUsers(ctx: Context, ids: Iterable<number>): Promise<Map<number, string>> {
  const users = await usersById(ctx.db, [...new Set(ids)])
  return new Map([...users].map(([id, { name }]) => [id, name]))
}
