import type { Context } from '#context.ts'
import { deleteOperatorRow, lockOperators } from '#data/operators/operators.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { mustFindOperator } from '#domain/operators/must-find-operator.ts'
import { mustKeepOwner } from '#domain/operators/must-keep-owner.ts'

/** Deletes an operator and their sessions; the audit stays. @throws ChatError 404, ConflictError for the last owner */
export async function deleteOperator(ctx: Context, caller: OperatorCaller, id: number): Promise<void> {
  await ctx.db.transact(async (tx) => {
    await lockOperators(tx)
    const before = await mustFindOperator(tx, caller, id)
    await deleteOperatorRow(tx, id)
    await mustKeepOwner(tx, before)
    await noteAct(tx, caller, {
      action: 'operator.deleted',
      target: { type: 'operator', id },
      details: { username: before.username },
    })
  })
}
