import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { createRuntimeClient } from '#domain/functions/runtime/create-runtime-client.ts'
import { ensureRuntime } from '#domain/functions/runtime/ensure-runtime.ts'
import { presetNames } from '#domain/functions/runtime/environment.ts'
import { presentRuntime } from '#domain/functions/runtime/present-runtime.ts'
import { saveEnvironment } from '#domain/functions/runtime/save-environment.ts'
import { tryOpenEnvironment } from '#domain/functions/runtime/try-open-environment.ts'
import type { EnvironmentVariables, Runtime } from '#resources/runtime.ts'

/**
 * Replaces the customer's variables; preset ones stay. If the key of the old ones is lost, the runtime also gets a new
 * client.
 */
export async function updateEnvironmentVariables(
  ctx: Context,
  caller: ApplicationCaller,
  input: EnvironmentVariables,
): Promise<Runtime> {
  const { applicationId } = caller
  const { environment } = await ensureRuntime(ctx, caller)
  const application = await getApplication(ctx, caller)
  const variables = Object.fromEntries(Object.entries(input).filter(([name]) => !presetNames.includes(name)))
  const opened = await tryOpenEnvironment(ctx, applicationId, environment)
  const record = await ctx.db.transact(async (tx) => {
    const client = opened ?? (await createRuntimeClient(tx, application))
    return saveEnvironment(ctx, tx, applicationId, {
      clientId: client.clientId,
      clientSecret: client.clientSecret,
      variables,
    })
  })
  ctx.functions.deploy(caller.applicationId)
  return presentRuntime(ctx, caller, record)
}
