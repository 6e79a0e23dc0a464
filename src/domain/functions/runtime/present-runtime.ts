import type { Context } from '#context.ts'
import type { RuntimeRecord } from '#data/functions/runtimes.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { openEnvironment } from '#domain/functions/runtime/open-environment.ts'
import { shownVariables } from '#domain/functions/runtime/shown-variables.ts'
import { defaultDependencies, type Runtime, runtimeVersion } from '#resources/runtime.ts'

/** Returns a runtime with its variables decrypted, and its default dependencies first. */
export async function presentRuntime(
  ctx: Context,
  caller: ApplicationCaller,
  record: RuntimeRecord,
): Promise<Runtime> {
  const { applicationId } = caller
  const environment = await openEnvironment(ctx, applicationId, record)
  return {
    id: record.id,
    type: 'NODEJS',
    version: runtimeVersion,
    dependencies: [...defaultDependencies, ...record.dependencies],
    ...(record.initializationScript && { initializationScript: { script: record.initializationScript } }),
    environmentVariables: shownVariables(ctx, applicationId, environment),
  }
}
