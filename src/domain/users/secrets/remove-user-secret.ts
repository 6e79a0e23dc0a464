import type { Context } from '#context.ts'
import { deleteSecret } from '#data/users/user-secrets.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getUser } from '#domain/users/get-user.ts'
import { notFound } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** @throws ChatError 404 if the user or the secret does not exist */
export async function removeUserSecret(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  name: string,
): Promise<User> {
  const user = await getUser(ctx, caller, id)
  if (!(await deleteSecret(ctx.db, id, name))) throw notFound('secret', name)
  return user
}
