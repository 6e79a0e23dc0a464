import type { Context } from '#context.ts'
import { updateDraft } from '#data/functions/drafts.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { getDraft } from '#domain/functions/get-draft.ts'
import { notFound } from '#errors.ts'
import type { FunctionDraft, SaveDraft } from '#resources/admin/function.ts'

/**
 * Keeps a script that does not run yet, whether it compiles or not; the last one who saves wins. It is gone once this
 * very script is deployed.
 * @throws ChatError 404
 */
export async function saveDraft(
  ctx: Context,
  caller: ApplicationCaller,
  functionId: number,
  { handlerScript }: SaveDraft,
): Promise<FunctionDraft> {
  await ctx.db.transact(async (tx) => {
    const isThere = await updateDraft(tx, caller.applicationId, functionId, handlerScript)
    if (!isThere) throw notFound('function', functionId)
    await noteOperatorsAct(tx, caller, {
      action: 'function.draft_saved',
      target: { type: 'function', id: functionId },
    })
  })
  return getDraft(ctx, caller, functionId)
}
