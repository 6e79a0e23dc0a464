import type { Context } from '#context.ts'
import {
  type ApplicationSummary,
  findApplicationBy,
  listApplicationRows,
} from '#data/applications/applications.ts'
import { notFound } from '#errors.ts'

/** For the operator: every application, oldest first. */
export function listApplications(ctx: Context): Promise<ApplicationSummary[]> {
  return listApplicationRows(ctx.db)
}

/** By id, API key or client id. @throws ChatError 404 */
export async function referredApplication(ctx: Context, reference: string): Promise<ApplicationSummary> {
  const application = await findApplicationBy(ctx.db, reference)
  if (!application) throw notFound('application', reference)
  return application
}
