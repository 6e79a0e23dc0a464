import type { Context } from '#context.ts'
import { type CounterPlace, trimCounters } from '#data/jobs/retention.ts'

export type { CounterPlace }

/**
 * Deletes the counters of channels, threads and functions that are gone, in one batch of all counters.
 * @returns where the next batch continues; undefined to start over
 */
export function sweepCounters(ctx: Context, after?: CounterPlace): Promise<CounterPlace | undefined> {
  return trimCounters(ctx.db, after)
}
