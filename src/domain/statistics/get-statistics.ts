import type { Context } from '#context.ts'
import { countConnections, listBuckets, listRequestHours } from '#data/statistics/buckets.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { addDurations, noDurations, quantile } from '#domain/statistics/durations.ts'
import { refused } from '#errors.ts'
import type { Interval, Statistics } from '#resources/admin/statistics.ts'

/** The earliest time that has a year. */
const earliest = Date.parse('0001-01-01T00:00:00Z')
/** The maximum number of buckets in an answer. */
const bucketsMax = 1_000
const hourMs = 3_600_000
const lengths: Record<Interval, { ms: number; usually: number }> = {
  hour: { ms: hourMs, usually: 24 },
  day: { ms: 24 * hourMs, usually: 30 },
}

export interface StatisticsQuery {
  interval: Interval
  from?: string | undefined
  to?: string | undefined
}

/**
 * Returns what happened in an application, by hour or day in UTC; by default in the last 24 hours or 30 days. Numbers
 * of the current hour are up to half a minute old, those of the current day ten minutes.
 * @throws ChatError 400 if the range ends before it begins, begins before the year 1, or has more than 1,000 buckets
 */
export async function getStatistics(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  { interval, ...given }: StatisticsQuery,
): Promise<Statistics> {
  const { ms, usually } = lengths[interval]
  const to = given.to === undefined ? ctx.clock.now() : Date.parse(given.to)
  const from = given.from === undefined ? to - (usually - 1) * ms : Date.parse(given.from)
  if (from < earliest) throw refused('statistics', 'to', 'invalid', 'to: must be later')
  if (from >= to) throw refused('statistics', 'from', 'invalid', 'from: must be before to')
  if ((to - from) / ms > bucketsMax) {
    throw refused('statistics', 'from', 'invalid', `from: there would be more than ${bucketsMax} buckets`)
  }
  const request = {
    applicationId,
    interval,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
  }
  const [buckets, hours, connections] = await Promise.all([
    listBuckets(ctx.db, request),
    listRequestHours(ctx.db, request),
    countConnections(ctx.db, applicationId),
  ])
  const asked = new Map<string, { requests: number; errors: number; durations: number[] }>()
  for (const { start, requests, errors, durations } of hours) {
    const before = asked.get(start) ?? { requests: 0, errors: 0, durations: noDurations() }
    asked.set(start, {
      requests: before.requests + requests,
      errors: before.errors + errors,
      durations: addDurations(before.durations, durations),
    })
  }
  return {
    now: { connections },
    buckets: buckets.map((bucket) => {
      const { requests = 0, errors = 0, durations = [] } = asked.get(bucket.start) ?? {}
      const [p50Ms, p99Ms] = [quantile(durations, 0.5), quantile(durations, 0.99)]
      return { ...bucket, requests, errors, p50Ms: p50Ms ?? null, p99Ms: p99Ms ?? null }
    }),
  }
}
