import { createHash } from 'node:crypto'
import type { Querier } from '#data/database.ts'
import { findDraft } from '#data/functions/drafts.ts'
import { findCurrentVersion } from '#data/functions/versions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { FunctionDraft } from '#resources/admin/function.ts'

/** Returns the draft of a function; without one, the current script, or an empty one. @throws ChatError 404 */
export async function getDraft(
  db: Querier,
  { applicationId }: ApplicationCaller,
  functionId: number,
): Promise<FunctionDraft> {
  const [row, current] = await Promise.all([
    findDraft(db, applicationId, functionId),
    findCurrentVersion(db, applicationId, functionId),
  ])
  if (!row) throw notFound('function', functionId)
  const { draft, draftTime } = row
  if (draft !== null && draftTime !== null) return { ...tagged(draft), savedTime: draftTime }
  return tagged(current?.handlerScript ?? '')
}

/** The tag follows from the text, so that a draft has it from the start, without being saved. */
function tagged(handlerScript: string): FunctionDraft {
  return { handlerScript, tag: createHash('sha256').update(handlerScript).digest('base64url') }
}
