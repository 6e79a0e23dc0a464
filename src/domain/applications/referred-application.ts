import type { Context } from '#context.ts'
import { type ApplicationSummary, findApplicationBy } from '#data/applications/applications.ts'
import { mustExist } from '#errors.ts'

/** Finds an application by its id, API key or client id. @throws ChatError 404 */
export async function referredApplication(ctx: Context, reference: string): Promise<ApplicationSummary> {
  return mustExist(await findApplicationBy(ctx.db, reference), 'application', reference)
}
