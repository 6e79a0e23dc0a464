import type { Context } from '#context.ts'
import { findDraft } from '#data/functions/drafts.ts'
import { findCurrentVersion } from '#data/functions/versions.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { FunctionDraft } from '#resources/admin/function.ts'

/** Returns the draft of a function; without one, the current script, or an empty one. @throws ChatError 404 */
export async function getDraft(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  functionId: number,
): Promise<FunctionDraft> {
  const [row, current] = await Promise.all([
    findDraft(ctx.db, applicationId, functionId),
    findCurrentVersion(ctx.db, applicationId, functionId),
  ])
  if (!row) throw notFound('function', functionId)
  const { draft, draftTime } = row
  if (draft !== null && draftTime !== null) return { handlerScript: draft, savedTime: draftTime }
  return { handlerScript: current?.handlerScript ?? '' }
}
