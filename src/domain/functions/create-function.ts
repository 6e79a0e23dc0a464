import type { Context } from '#context.ts'
import { insertFunction } from '#data/functions/functions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { ensureRuntime } from '#domain/functions/runtime/ensure-runtime.ts'
import type { ChatFunction, CreateFunction } from '#resources/function.ts'

/** Creates a function, which runs as soon as it has a version. */
export async function createFunction(
  ctx: Context,
  caller: ApplicationCaller,
  input: Omit<CreateFunction, 'initializeAsynchronously'>,
): Promise<ChatFunction> {
  const { id } = await ensureRuntime(ctx, caller)
  return ctx.db.transact(async (tx) => {
    const created = await insertFunction(tx, caller.applicationId, id, input)
    await noteOperatorsAct(tx, caller, {
      action: 'function.created',
      target: { type: 'function', id: created.id },
      details: { type: input.type },
    })
    return created
  })
}
