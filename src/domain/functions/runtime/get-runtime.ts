import type { Context } from '#context.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { ensureRuntime } from '#domain/functions/runtime/ensure-runtime.ts'
import { presentRuntime } from '#domain/functions/runtime/present-runtime.ts'
import type { Runtime } from '#resources/runtime.ts'

export async function getRuntime(ctx: Context, caller: ApplicationCaller): Promise<Runtime> {
  return presentRuntime(ctx, caller, await ensureRuntime(ctx, caller))
}
