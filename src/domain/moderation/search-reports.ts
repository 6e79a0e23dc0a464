import type { Context } from '#context.ts'
import { listReportRows } from '#data/messages/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { Report, ReportState } from '#resources/admin/moderation.ts'

/** Lists reports of messages, newest first. */
export function searchReports(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  state: ReportState | undefined,
  request: ListRequest,
): Promise<ListPart<Report>> {
  return listReportRows(ctx.db, applicationId, state, request)
}
