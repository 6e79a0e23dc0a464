import type { Context } from '#context.ts'
import { findAdminKey } from '#data/operators/admin-keys.ts'
import { findOperatorSession } from '#data/operators/sessions.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { callerOfKey, callerOfOperator } from '#domain/operators/caller-of.ts'
import { csrfTokenOf, isAdminKey } from '#domain/operators/secrets.ts'
import { ChatError } from '#errors.ts'
import type { AdminSession } from '#resources/admin/operator.ts'

/** The credentials in a request. */
export interface OperatorCredentials {
  bearer?: string | undefined
  /** From a cookie. */
  session?: string | undefined
  address?: string | undefined
}

/** The caller, and the session or key they use. */
export interface CheckedOperator {
  caller: OperatorCaller
  session: AdminSession
}

/**
 * Authenticates a request to the admin API; a key takes precedence over a cookie. Nothing is cached, so that revocation
 * takes effect at once in every process.
 * @throws ChatError 401: unauthorized without either, invalid_token if it is unknown, expired or revoked
 */
export async function checkOperator(
  ctx: Context,
  { bearer, session: cookie, address }: OperatorCredentials,
): Promise<CheckedOperator> {
  if (bearer !== undefined) {
    const key = isAdminKey(bearer) ? await findAdminKey(ctx.db, bearer) : undefined
    if (!key) throw new ChatError('invalid_token', 'The admin key is unknown, expired or revoked')
    const { role, applications, expiresTime } = key
    return {
      caller: callerOfKey(key, address),
      session: { key, role, ...(applications && { applications }), ...(expiresTime && { expiresTime }) },
    }
  }
  if (cookie === undefined) throw new ChatError('unauthorized', 'Sign in, or send an admin key')
  const found = await findOperatorSession(ctx.db, cookie)
  if (!found) throw new ChatError('invalid_token', 'The session is over: sign in again')
  const { operator, expiresTime } = found
  const { role, applications } = operator
  return {
    caller: callerOfOperator(operator, address),
    session: {
      operator,
      role,
      ...(applications && { applications }),
      csrfToken: csrfTokenOf(cookie),
      expiresTime,
    },
  }
}
