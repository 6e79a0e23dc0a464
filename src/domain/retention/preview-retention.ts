import type { Context } from '#context.ts'
import { findRetention, previewOf } from '#data/removal/retention.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { QueryRetention, RetentionPreview } from '#resources/admin/retention.ts'

/**
 * What the next run would remove, counted now: it takes as long as looking at that.
 * @param instead a setting to try; the one of the application where nothing of it is given
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
