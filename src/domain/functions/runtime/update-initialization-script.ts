import type { Context } from '#context.ts'
import { updateRuntime } from '#data/functions/runtimes.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustCompile } from '#domain/functions/must-compile.ts'
import { ensureRuntime } from '#domain/functions/runtime/ensure-runtime.ts'
import { presentRuntime } from '#domain/functions/runtime/present-runtime.ts'
import { mustExist } from '#errors.ts'
import type { Runtime, RuntimeScript } from '#resources/runtime.ts'

/** Replaces the script; a blank one removes it. @throws ChatError 400 if the script does not compile */
export async function updateInitializationScript(
  ctx: Context,
  caller: ApplicationCaller,
  { script }: RuntimeScript,
): Promise<Runtime> {
  await mustCompile(ctx, script, { resource: 'runtime', field: 'script' })
  await ensureRuntime(ctx, caller)
  const initializationScript = script.trim() === '' ? null : script
  const { applicationId } = caller
  const updated = await ctx.db.transact((tx) => updateRuntime(tx, applicationId, { initializationScript }))
  const record = mustExist(updated, 'runtime of application', applicationId)
  ctx.functions.deploy(applicationId)
  return presentRuntime(ctx, caller, record)
}
