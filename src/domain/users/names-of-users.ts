import type { Context } from '#context.ts'
import { usersById } from '#data/users/users.ts'

/** The names of users, by id; of those that are there. */
export async function namesOfUsers(ctx: Context, ids: Iterable<number>): Promise<Map<number, string>> {
  const users = await usersById(ctx.db, [...new Set(ids)])
  return new Map([...users].map(([id, { name }]) => [id, name]))
}
