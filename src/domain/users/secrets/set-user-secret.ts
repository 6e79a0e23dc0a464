import type { Context } from '#context.ts'
import { upsertSecret } from '#data/users/user-secrets.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getUser } from '#domain/users/get-user.ts'
import { sealSecret } from '#domain/users/secrets/seal-secret.ts'
import { notFound } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** @throws ChatError 404 */
export async function setUserSecret(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  name: string,
  secret: unknown,
): Promise<User> {
  const user = await getUser(ctx, caller, id)
  const sealed = await sealSecret(ctx, { userId: id, name }, JSON.stringify(secret))
  if (!(await upsertSecret(ctx.db, id, name, sealed))) throw notFound('user', id)
  return user
}
