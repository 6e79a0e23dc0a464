import type { Context } from '#context.ts'
import { listOperatorRows } from '#data/operators/operators.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { Operator } from '#resources/admin/operator.ts'

/** By name; who is limited to applications sees those who are limited to no others. */
export function listOperators(
  ctx: Context,
  { applicationIds }: OperatorCaller,
  request: ListRequest,
): Promise<ListPart<Operator>> {
  return listOperatorRows(ctx.db, applicationIds, request)
}
