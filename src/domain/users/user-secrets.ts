// Named values that a backend keeps with a user.
import type { Context } from '#context.ts'
import { deleteSecret, findSecret, upsertSecret } from '#data/users.ts'
import type { Caller } from '#domain/access.ts'
import { getUser } from '#domain/users/get-user.ts'
import { notFound } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** @throws ChatError 404 where the user or the secret does not exist */
export async function getUserSecret(
  ctx: Context,
  caller: Caller,
  id: number,
  name: string,
): Promise<{ secret: unknown }> {
  await getUser(ctx, caller, id)
  const secret = await findSecret(ctx.db, id, name)
  if (!secret) throw notFound('secret', name)
  return secret
}

/** @throws ChatError 404 */
export async function setUserSecret(
  ctx: Context,
  caller: Caller,
  id: number,
  name: string,
  secret: unknown,
): Promise<User> {
  const user = await getUser(ctx, caller, id)
  await upsertSecret(ctx.db, id, name, secret)
  return user
}

/** @throws ChatError 404 where the user or the secret does not exist */
export async function removeUserSecret(
  ctx: Context,
  caller: Caller,
  id: number,
  name: string,
): Promise<User> {
  const user = await getUser(ctx, caller, id)
  if (!(await deleteSecret(ctx.db, id, name))) throw notFound('secret', name)
  return user
}
