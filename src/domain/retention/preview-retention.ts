import type { Context } from '#context.ts'
import { findRetention, previewOf } from '#data/removal/retention.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { RetentionPreview } from '#resources/admin/retention.ts'

/** What the next run would remove, counted now: it takes as long as looking at that. */
export async function previewRetention(
  ctx: Context,
  { applicationId }: ApplicationCaller,
): Promise<RetentionPreview> {
  return previewOf(ctx.db, applicationId, await findRetention(ctx.db, applicationId))
}
