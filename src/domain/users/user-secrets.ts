// Named values that a backend keeps with a user, sealed.
import type { Context } from '#context.ts'
import { deleteSecret, findSecret, type StoredSecret, upsertSecret } from '#data/users/user-secrets.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getUser } from '#domain/users/get-user.ts'
import { ChatError, notFound } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** @throws ChatError 404 where the user or the secret does not exist, 500 where its key is not at hand */
export async function getUserSecret(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  name: string,
): Promise<{ secret: unknown }> {
  await getUser(ctx, caller, id)
  const stored = await findSecret(ctx.db, id, name)
  if (!stored) throw notFound('secret', name)
  try {
    return { secret: JSON.parse(await openSecret(ctx, stored)) }
  } catch (error) {
    ctx.log.error({ err: error, userId: id }, 'a user secret was sealed with another key')
    throw new ChatError('InternalServerError', 'The secret cannot be read: set it again')
  }
}

/** @throws ChatError 404 */
export async function setUserSecret(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  name: string,
  secret: unknown,
): Promise<User> {
  const user = await getUser(ctx, caller, id)
  await upsertSecret(ctx.db, id, name, await sealSecret(ctx, { userId: id, name }, JSON.stringify(secret)))
  return user
}

/** @throws ChatError 404 where the user or the secret does not exist */
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

const about = ({ userId, name }: Pick<StoredSecret, 'userId' | 'name'>) =>
  `the secret ${name} of user ${userId}`

/** @param json what it is */
export function sealSecret(
  { vault }: Context,
  secret: Pick<StoredSecret, 'userId' | 'name'>,
  json: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return vault.seal(json, about(secret))
}

/** @returns JSON @throws where its key is not at hand */
export async function openSecret({ vault }: Context, secret: StoredSecret): Promise<string> {
  return secret.plain ?? vault.open(secret.sealed ?? new Uint8Array(), about(secret))
}
