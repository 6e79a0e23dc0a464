import type { Context } from '#context.ts'
import { findApplication } from '#data/applications/applications.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { Application } from '#resources/application.ts'

/** @throws ChatError 404 if it has been deleted meanwhile */
export async function getApplication(ctx: Context, caller: ApplicationCaller): Promise<Application> {
  return mustExist(await findApplication(ctx.db, caller.applicationId), 'application', caller.applicationId)
}
