import type { Context } from '#context.ts'
import { type CounterPlace, trimCounters } from '#data/jobs/retention.ts'

export type { CounterPlace }

/**
 * Forgets the counters of channels, threads and functions that are gone, as far as one batch of all counters has them.
 * @returns from where the next batch goes on; undefined to begin anew
 */
export function sweepCounters(ctx: Context, after?: CounterPlace): Promise<CounterPlace | undefined> {
  return trimCounters(ctx.db, after)
}
