import type { Context } from '#context.ts'
import { refreshStatistics } from '#data/jobs/imports.ts'
import type { RunningJob } from '#domain/jobs/begin-job.ts'
import type { ImportType } from '#resources/job.ts'

/** What is less does not change how tables are best read. */
const manyItems = 500

/**
 * After an import of many items, tables are read by what is in them now. Postgres would learn of it within a minute by
 * itself, and until then look through all users to find the author of each message.
 */
export async function noteGrowth(ctx: Context, { type, processed, failed }: RunningJob): Promise<void> {
  if (processed - failed >= manyItems) await refreshStatistics(ctx.db, type as ImportType)
}
