import type { Context } from '#context.ts'
import { lockOperators, updateOperatorRow } from '#data/operators/operators.ts'
import { deleteOperatorSessions } from '#data/operators/sessions.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindOperator } from '#domain/operators/must-find-operator.ts'
import { mustKeepOwner } from '#domain/operators/must-keep-owner.ts'
import { mustKnowApplications } from '#domain/operators/must-know-applications.ts'
import { hashPassword } from '#domain/operators/passwords.ts'
import { refused } from '#errors.ts'
import type { Operator, PatchOperator } from '#resources/admin/operator.ts'

/**
 * Changes an operator, effective at once for their sessions; a new password ends these.
 * @throws ChatError 404, 400, access_denied, ConflictError for the last owner
 */
export async function updateOperator(
  ctx: Context,
  caller: OperatorCaller,
  id: number,
  { password, role, applications }: PatchOperator,
): Promise<Operator> {
  const passwordHash = password === undefined ? undefined : await hashPassword(password)
  return ctx.db.transact(async (tx) => {
    await lockOperators(tx)
    const before = await mustFindOperator(tx, caller, id)
    if (applications !== undefined) {
      await mustKnowApplications(tx, caller, 'operator', applications ?? undefined)
    }
    if (passwordHash !== undefined && before.signIn === 'sso') {
      throw refused('operator', 'password', 'invalid', 'password: they sign in elsewhere, and have none here')
    }
    const applicationIds = applications === undefined ? undefined : (applications ?? [])
    const operator = await updateOperatorRow(tx, id, { passwordHash, role, applicationIds })
    await mustKeepOwner(tx, before)
    if (passwordHash !== undefined) await deleteOperatorSessions(tx, id)
    await noteAct(tx, caller, {
      action: 'operator.updated',
      target: { type: 'operator', id },
      details: {
        ...(role && { role }),
        ...(applications !== undefined && { applications }),
        ...(password !== undefined && { password: 'changed' }),
      },
    })
    return operator
  })
}
