import type { Context } from '#context.ts'
import { findRetention, previewOf } from '#data/removal/retention.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { QueryRetention, RetentionPreview } from '#resources/admin/retention.ts'

/**
 * Returns what the next run would remove. Counts it now, which takes as long as reading all of it.
 * @param instead a setting to try; if none of its values is given, that of the application
 */
export async function previewRetention(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  instead: QueryRetention,
): Promise<RetentionPreview> {
  const isGiven = Object.values(instead).some((days) => days !== undefined)
  const retention = isGiven ? instead : await findRetention(ctx.db, applicationId)
  return previewOf(ctx.db, applicationId, retention)
}
