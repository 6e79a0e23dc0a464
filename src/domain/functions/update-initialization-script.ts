import type { Context } from '#context.ts'
import { updateRuntime } from '#data/functions.ts'
import type { Caller } from '#domain/access.ts'
import { ensureRuntime } from '#domain/functions/ensure-runtime.ts'
import { presentRuntime } from '#domain/functions/present-runtime.ts'
import type { Runtime, RuntimeScript } from '#resources/runtime.ts'

/** Replaces the script; a blank one removes it. */
export async function updateInitializationScript(
  ctx: Context,
  caller: Caller,
  { script }: RuntimeScript,
): Promise<Runtime> {
  await ensureRuntime(ctx, caller)
  const initializationScript = script.trim() === '' ? null : script
  const record = await ctx.db.transact((tx) =>
    updateRuntime(tx, caller.applicationId, { initializationScript }),
  )
  return presentRuntime(ctx, caller, record)
}
