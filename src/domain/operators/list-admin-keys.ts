import type { Context } from '#context.ts'
import { listAdminKeyRows } from '#data/operators/admin-keys.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { AdminKey } from '#resources/admin/operator.ts'

/** Lists keys, newest first; operators limited to applications only see keys within their limits. */
export function listAdminKeys(
  ctx: Context,
  { applicationIds }: OperatorCaller,
  request: ListRequest,
): Promise<ListPart<AdminKey>> {
  return listAdminKeyRows(ctx.db, applicationIds, request)
}
