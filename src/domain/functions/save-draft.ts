import type { Context } from '#context.ts'
import { updateDraft } from '#data/functions/drafts.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { getDraft } from '#domain/functions/get-draft.ts'
import { notFound } from '#errors.ts'
import type { FunctionDraft, SaveDraft } from '#resources/admin/function.ts'

/**
 * Saves a script as a draft, whether it compiles or not; the last save wins. A draft is removed when the same script is
 * deployed.
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
