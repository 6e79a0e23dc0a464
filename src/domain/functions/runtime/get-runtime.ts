import type { Context } from '#context.ts'
import { findRuntime } from '#data/functions/runtimes.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { presentRuntime } from '#domain/functions/runtime/present-runtime.ts'
import type { Runtime } from '#resources/runtime.ts'

/** The one runtime of an application. Reading makes none: until one is needed, this is what it will begin as. */
export async function getRuntime(ctx: Context, caller: ApplicationCaller): Promise<Runtime> {
  return presentRuntime(ctx, caller, await findRuntime(ctx.db, caller.applicationId))
}
