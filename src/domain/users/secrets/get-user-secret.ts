import type { Context } from '#context.ts'
import { findSecret } from '#data/users/user-secrets.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getUser } from '#domain/users/get-user.ts'
import { openSecret } from '#domain/users/secrets/open-secret.ts'
import { ChatError, mustExist } from '#errors.ts'

/** @throws ChatError 404 if the user or the secret does not exist, 500 if the secret's key is not available */
export async function getUserSecret(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  name: string,
): Promise<{ secret: unknown }> {
  await getUser(ctx, caller, id)
  const stored = mustExist(await findSecret(ctx.db, id, name), 'secret', name)
  try {
    return { secret: JSON.parse(await openSecret(ctx, stored)) }
  } catch (error) {
    ctx.log.error({ err: error, userId: id }, 'a user secret was sealed with another key')
    throw new ChatError('InternalServerError', 'The secret cannot be read: set it again')
  }
}
