import type { Context } from '#context.ts'
import { listAdministered } from '#data/applications/administered.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import type { AdminApplication } from '#resources/admin/application.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'

/** Lists all applications that the operator may see, oldest first. */
export function listAdministeredApplications(
  ctx: Context,
  { applicationIds }: OperatorCaller,
  request: ListRequest,
): Promise<ListPart<AdminApplication>> {
  return listAdministered(ctx.db, applicationIds, request)
}
