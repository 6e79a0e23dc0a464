import type { Context } from '#context.ts'
import { lockDraft, updateDraft } from '#data/functions/drafts.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import { getDraft } from '#domain/functions/get-draft.ts'
import { ChatError, notFound } from '#errors.ts'
import type { FunctionDraft, SaveDraft } from '#resources/admin/function.ts'

/**
 * Saves a script as a draft, whether it compiles or not. A draft is removed when the same script is deployed.
 * @throws ChatError 404; 409 if it would replace another script than the one that was edited
 */
export async function saveDraft(
  ctx: Context,
  caller: ApplicationCaller,
  functionId: number,
  { handlerScript, replaces }: SaveDraft,
): Promise<FunctionDraft> {
  return ctx.db.transact(async (tx) => {
    const isThere = await lockDraft(tx, caller.applicationId, functionId)
    if (!isThere) throw notFound('function', functionId)
    const latest = await getDraft(tx, caller, functionId)
    // A save that is repeated, because its answer was lost, replaces the same script.
    if (replaces !== undefined && latest.tag !== replaces && latest.handlerScript !== handlerScript)
      throw new ChatError('ConflictError', 'The script was changed by somebody else since it was opened')
    await updateDraft(tx, caller.applicationId, functionId, handlerScript)
    await noteOperatorsAct(tx, caller, {
      action: 'function.draft_saved',
      target: { type: 'function', id: functionId },
    })
    return getDraft(tx, caller, functionId)
  })
}
