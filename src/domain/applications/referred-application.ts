import type { Context } from '#context.ts'
import { type ApplicationSummary, findApplicationBy } from '#data/applications/applications.ts'
import { notFound } from '#errors.ts'

/** By id, API key or client id. @throws ChatError 404 */
export async function referredApplication(ctx: Context, reference: string): Promise<ApplicationSummary> {
  const application = await findApplicationBy(ctx.db, reference)
  if (!application) throw notFound('application', reference)
  return application
}
