import type { Context } from '#context.ts'
import { updateEnabled } from '#data/functions/functions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { getFunction } from '#domain/functions/get-function.ts'
import { notFound } from '#errors.ts'
import type { ChatFunction } from '#resources/function.ts'

/** Enables or disables a function; the queued runs of a disabled one are dropped. @throws ChatError 404 */
export async function enableFunction(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  enabled: boolean,
): Promise<ChatFunction> {
  await ctx.db.transact(async (tx) => {
    if (!(await updateEnabled(tx, caller.applicationId, id, enabled))) throw notFound('function', id)
    const target = { type: 'function', id }
    await noteOperatorsAct(tx, caller, { action: 'function.updated', target, details: { enabled } })
  })
  return getFunction(ctx, caller, id)
}
