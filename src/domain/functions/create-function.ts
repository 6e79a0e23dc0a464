import type { Context } from '#context.ts'
import { insertFunction } from '#data/functions/functions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { ensureRuntime } from '#domain/functions/runtime/ensure-runtime.ts'
import type { ChatFunction, CreateFunction } from '#resources/function.ts'

/** Creates a function, which runs as soon as it has a version. */
export async function createFunction(
  ctx: Context,
  caller: ApplicationCaller,
  input: CreateFunction,
): Promise<ChatFunction> {
  const { id } = await ensureRuntime(ctx, caller)
  return insertFunction(ctx.db, caller.applicationId, id, input)
}
