import { z } from 'zod'
import { Timestamp } from '#resources/define.ts'

export const Interval = z.enum(['hour', 'day'])
export type Interval = z.output<typeof Interval>

const count = (about: string) => z.number().int().nonnegative().describe(about).meta({ format: 'int64' })
const ms = (about: string) => z.number().nonnegative().optional().describe(about)

export const StatisticsBucket = z
  .object({
    start: Timestamp.describe('In UTC; it lasts for an hour or a day'),
    messages: count('Messages that were sent'),
    activeUsers: count('Users who sent a message or connected'),
    newUsers: count('Users who were made'),
    connections: count('Sessions that began'),
    requests: count('Requests to the Platform API'),
    errors: count('Those of them that were answered with 4xx or 5xx'),
    p50Ms: ms('What half of the requests took at most; absent without requests'),
    p99Ms: ms('What 99 % of the requests took at most; absent without requests'),
  })
  .meta({ id: 'StatisticsBucket' })
export type StatisticsBucket = z.output<typeof StatisticsBucket>

export const Statistics = z
  .object({
    buckets: z.array(StatisticsBucket),
    now: z.object({ connections: count('Devices that are connected') }).meta({ id: 'StatisticsNow' }),
  })
  .meta({ id: 'Statistics' })
export type Statistics = z.output<typeof Statistics>
