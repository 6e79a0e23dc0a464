import type { Context } from '#context.ts'
import { type AuditFilters, listAuditRows } from '#data/operators/audit.ts'
import { mustSeeApplication, type OperatorCaller } from '#domain/access/operator.ts'
import type { AuditEntry } from '#resources/admin/audit.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'

export interface AuditQuery extends Omit<AuditFilters, 'applicationIds'> {
  application?: number | undefined
}

/**
 * Lists audit entries, newest first; operators who are limited to applications see only entries about those.
 * @throws ChatError 404 for an application that the operator may not see
 */
export async function listAudit(
  ctx: Context,
  operator: OperatorCaller,
  { application, ...filters }: AuditQuery,
  request: ListRequest,
): Promise<ListPart<AuditEntry>> {
  if (application !== undefined) mustSeeApplication(operator, application)
  const { applicationIds: limits } = operator
  const applicationIds = application !== undefined ? [application] : limits.length > 0 ? limits : undefined
  return listAuditRows(ctx.db, { ...filters, applicationIds }, request)
}
