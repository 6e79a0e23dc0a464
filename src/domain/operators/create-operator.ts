import type { Context } from '#context.ts'
import { insertOperator } from '#data/operators/operators.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustKnowApplications } from '#domain/operators/must-know-applications.ts'
import { hashPassword } from '#domain/operators/passwords.ts'
import { isConstraintError, refused } from '#errors.ts'
import type { CreateOperator, Operator } from '#resources/admin/operator.ts'

/** @throws ChatError 400 if the name is taken, access_denied for limits beyond one's own */
export async function createOperator(
  ctx: Context,
  caller: OperatorCaller,
  { username, password, role, applications }: CreateOperator,
): Promise<Operator> {
  await mustKnowApplications(ctx.db, caller, 'operator', applications)
  const passwordHash = await hashPassword(password)
  const applicationIds = applications ?? []
  return ctx.db
    .transact(async (tx) => {
      const operator = await insertOperator(tx, { username, passwordHash, role, applicationIds })
      await noteAct(tx, caller, {
        action: 'operator.created',
        target: { type: 'operator', id: operator.id },
        details: { username, role, ...(applications && { applications }) },
      })
      return operator
    })
    .catch((error) => {
      if (!isConstraintError(error, 'unique')) throw error
      throw refused('operator', 'username', 'already_exists', `There is an operator ${username} already`)
    })
}
