import type { Context } from '#context.ts'
import { type ApplicationSummary, listApplicationRows } from '#data/applications/applications.ts'

/** For operators: lists all applications, oldest first. */
export function listApplications(ctx: Context): Promise<ApplicationSummary[]> {
  return listApplicationRows(ctx.db)
}
