import type { Context } from '#context.ts'
import { findDueBuckets, foldBucket } from '#data/statistics/buckets.ts'

const batchMax = 20

/** Recounts the current hour and day, and counts what is left of the past. @returns whether there may be more */
export async function foldStatistics(ctx: Context): Promise<boolean> {
  const due = await findDueBuckets(ctx.db, batchMax)
  for (const bucket of due) await foldBucket(ctx.db, bucket)
  return due.length === batchMax
}
