import type { Context } from '#context.ts'
import { findDueBuckets, foldBucket } from '#data/statistics/buckets.ts'

const batchMax = 20

/**
 * Counts anew what goes on in this hour and this day, and what is left to count of the past.
 * @returns whether more may wait
 */
export async function foldStatistics(ctx: Context): Promise<boolean> {
  const due = await findDueBuckets(ctx.db, batchMax)
  for (const bucket of due) await foldBucket(ctx.db, bucket)
  return due.length === batchMax
}
