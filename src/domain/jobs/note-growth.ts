import type { Context } from '#context.ts'
import { refreshStatistics } from '#data/jobs/imports.ts'
import type { RunningJob } from '#domain/jobs/begin-job.ts'
import type { ImportType } from '#resources/job.ts'

/** Smaller imports do not change how tables are best read. */
const manyItems = 500

/**
 * Refreshes the planner statistics after a large import. Postgres would do so itself within a minute, and until then
 * scan all users to find the author of each message.
 */
export async function noteGrowth(ctx: Context, { type, processed, failed }: RunningJob): Promise<void> {
  if (processed - failed >= manyItems) await refreshStatistics(ctx.db, type as ImportType)
}
