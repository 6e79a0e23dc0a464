import type { Context } from '#context.ts'
import type { RuntimeRecord } from '#data/functions/runtimes.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getApplication } from '#domain/applications/get-application.ts'
import { type Environment, runtimeClientId } from '#domain/functions/runtime/environment.ts'
import { openEnvironment } from '#domain/functions/runtime/open-environment.ts'
import { shownVariables } from '#domain/functions/runtime/shown-variables.ts'
import { defaultDependencies, type Runtime, runtimeIdOf, runtimeVersion } from '#resources/runtime.ts'

/** A runtime with its variables opened and its default dependencies before the others; `record` is absent before it is made. */
export async function presentRuntime(
  ctx: Context,
  caller: ApplicationCaller,
  record: RuntimeRecord | undefined,
): Promise<Runtime> {
  const { applicationId } = caller
  const environment = record
    ? await openEnvironment(ctx, applicationId, record)
    : await firstEnvironment(ctx, caller)
  return {
    id: runtimeIdOf(applicationId),
    type: 'NODEJS',
    version: runtimeVersion,
    dependencies: [...defaultDependencies, ...(record?.dependencies ?? [])],
    ...(record?.initializationScript && { initializationScript: { script: record.initializationScript } }),
    environmentVariables: shownVariables(ctx, applicationId, environment),
  }
}

/** Its client has no secret yet. */
async function firstEnvironment(ctx: Context, caller: ApplicationCaller): Promise<Environment> {
  const { key } = await getApplication(ctx, caller)
  return { clientId: runtimeClientId(key), clientSecret: '', variables: {} }
}
