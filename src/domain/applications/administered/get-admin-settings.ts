import type { Context } from '#context.ts'
import { findAdminSettings } from '#data/applications/applications.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { AdminSettings } from '#resources/admin/application.ts'

export async function getAdminSettings(
  ctx: Context,
  { applicationId }: ApplicationCaller,
): Promise<AdminSettings> {
  return mustExist(await findAdminSettings(ctx.db, applicationId), 'application', applicationId)
}
