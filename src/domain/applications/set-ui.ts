import type { Context } from '#context.ts'
import { updateUi } from '#data/applications/applications.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getUi } from '#domain/applications/get-ui.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { notFound } from '#errors.ts'
import type { Ui, UiPart } from '#resources/ui.ts'

/** Replaces a part of the user interface settings, and notifies open user interfaces. @throws ChatError 404 */
export async function setUi(
  ctx: Context,
  caller: ApplicationCaller,
  part: UiPart,
  settings: Record<string, unknown>,
): Promise<Ui> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    if (!(await updateUi(tx, applicationId, part, settings))) throw notFound('application', applicationId)
    await tx.emit({ type: 'application.ui.updated', applicationId, payload: { parts: [part] } })
    await noteOperatorsAct(tx, caller, { action: 'ui.updated', details: { part } })
  })
  return getUi(ctx, caller)
}
