import type { Context } from '#context.ts'
import { listOperatorRows } from '#data/operators/operators.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { Operator } from '#resources/admin/operator.ts'

/** Lists operators by name; operators limited to applications only see those within their limits. */
export function listOperators(
  ctx: Context,
  { applicationIds }: OperatorCaller,
  request: ListRequest,
): Promise<ListPart<Operator>> {
  return listOperatorRows(ctx.db, applicationIds, request)
}
