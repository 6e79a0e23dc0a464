import type { Context } from '#context.ts'
import { findAdministered } from '#data/applications/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { AdminApplication } from '#resources/admin/application.ts'

/** @throws ChatError 404 */
export async function getAdministeredApplication(
  ctx: Context,
  { applicationId }: ApplicationCaller,
): Promise<AdminApplication> {
  return mustExist(await findAdministered(ctx.db, applicationId), 'application', applicationId)
}
