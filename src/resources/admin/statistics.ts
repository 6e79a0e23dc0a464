import { z } from 'zod'
import { count, Timestamp } from '#resources/define.ts'

export const Interval = z.enum(['hour', 'day'])
export type Interval = z.output<typeof Interval>

const ms = (about: string) => z.number().nonnegative().nullable().describe(about)

export const StatisticsBucket = z
  .object({
    start: Timestamp.describe('Start of the hour or day, in UTC'),
    messages: count('Number of messages sent'),
    activeUsers: count('Number of users who sent a message or connected'),
    newUsers: count('Number of users created'),
    connections: count('Number of sessions started'),
    requests: count('Number of requests to the Platform API'),
    errors: count('Number of these requests that were answered with 4xx or 5xx'),
    p50Ms: ms('Median duration of the requests, in milliseconds; null if there were none'),
    p99Ms: ms('99th percentile of the duration of the requests, in milliseconds; null if there were none'),
  })
  .meta({ id: 'StatisticsBucket' })
export type StatisticsBucket = z.output<typeof StatisticsBucket>

export const Statistics = z
  .object({
    buckets: z.array(StatisticsBucket),
    now: z
      .object({ connections: count('Number of devices that are connected') })
      .meta({ id: 'StatisticsNow' }),
  })
  .meta({ id: 'Statistics' })
export type Statistics = z.output<typeof Statistics>
