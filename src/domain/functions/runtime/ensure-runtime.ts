import type { Context } from '#context.ts'
import { findRuntime, insertRuntime, type RuntimeRecord } from '#data/functions/runtimes.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { createRuntimeClient } from '#domain/functions/runtime/create-runtime-client.ts'
import { saveEnvironment } from '#domain/functions/runtime/save-environment.ts'

/** Returns the one runtime of an application, and creates it on first use. */
export async function ensureRuntime(ctx: Context, caller: ApplicationCaller): Promise<RuntimeRecord> {
  const { applicationId } = caller
  const existing = await findRuntime(ctx.db, applicationId)
  if (existing) return existing
  const application = await getApplication(ctx, caller)
  const created = await ctx.db.transact(async (tx) => {
    if (!(await insertRuntime(tx, applicationId))) return undefined
    const client = await createRuntimeClient(tx, application)
    return saveEnvironment(ctx, tx, applicationId, { ...client, variables: {} })
  })
  return created ?? ensureRuntime(ctx, caller)
}
