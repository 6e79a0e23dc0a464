import type { Context } from '#context.ts'
import { insertOperatorSession } from '#data/operators/sessions.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { callerOfOperator } from '#domain/operators/caller-of.ts'
import { csrfTokenOf, generateSession } from '#domain/operators/secrets.ts'
import { ChatError, isConstraintError } from '#errors.ts'
import type { AdminSession, Operator } from '#resources/admin/operator.ts'

/** A new session, and the value of its cookie. */
export interface OpenedSession {
  session: AdminSession
  token: string
}

/** How long a session of the console lasts (operating contract 1). */
export const sessionMs = 12 * 3_600_000

export async function openOperatorSession(
  ctx: Context,
  operator: Operator,
  address: string,
): Promise<OpenedSession> {
  const token = generateSession()
  const expiresTime = await ctx.db
    .transact(async (tx) => {
      const expiresTime = await insertOperatorSession(tx, token, operator.id, sessionMs)
      await noteAct(tx, callerOfOperator(operator, address), {
        action: 'session.created',
        target: { type: 'operator', id: operator.id },
      })
      return expiresTime
    })
    .catch((error) => {
      if (isConstraintError(error, 'foreign_key'))
        throw new ChatError('unauthorized', 'There is no such operator')
      throw error
    })
  const { role, applications } = operator
  return {
    token,
    session: {
      operator,
      role,
      ...(applications && { applications }),
      csrfToken: csrfTokenOf(token),
      expiresTime,
    },
  }
}
