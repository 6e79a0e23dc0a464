import type { Context } from '#context.ts'
import { findOperatorByName } from '#data/operators/operators.ts'
import { type OpenedSession, openOperatorSession } from '#domain/operators/open-operator-session.ts'
import { isPassword } from '#domain/operators/passwords.ts'
import { ChatError } from '#errors.ts'

/** Signs in with a password. @throws ChatError 401 unauthorized if it is wrong, 403 if passwords are off */
export async function signIn(
  ctx: Context,
  { username, password }: { username: string; password: string },
  address: string,
): Promise<OpenedSession> {
  if (!ctx.config.passwords)
    throw new ChatError('access_denied', 'Passwords are off: sign in at your provider')
  const found = await findOperatorByName(ctx.db, username)
  const isRight = await isPassword(password, found?.passwordHash)
  if (!found || !isRight) {
    ctx.log.warn({ operatorId: found?.operator.id, address }, 'a sign-in to the console failed')
    throw new ChatError('unauthorized', 'The username or the password is wrong')
  }
  return openOperatorSession(ctx, found.operator, address)
}
