import type { Querier } from '#data/database.ts'
import { lockOperator } from '#data/operators/operators.ts'
import { isWithin, type OperatorCaller } from '#domain/access/operator.ts'
import { notFound } from '#errors.ts'
import type { Operator } from '#resources/admin/operator.ts'

/** Locks an operator, whom the caller must see, until the transaction ends. @throws ChatError 404 */
export async function mustFindOperator(tx: Querier, caller: OperatorCaller, id: number): Promise<Operator> {
  const found = await lockOperator(tx, id)
  if (!found || !isWithin(caller, found.applications)) throw notFound('operator', id)
  return found
}
