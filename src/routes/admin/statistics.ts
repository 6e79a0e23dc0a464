// Operations for statistics and the live feed of an application.
import { z } from 'zod'
import type { Context } from '#context.ts'
import { hasRight, mustHaveRight } from '#domain/access/operator.ts'
import { enterApplication } from '#domain/applications/administered/enter-application.ts'
import { getStatistics } from '#domain/statistics/get-statistics.ts'
import { refused } from '#errors.ts'
import { Interval, Statistics } from '#resources/admin/statistics.ts'
import { QueryTime, single } from '#resources/queries.ts'
import type { LiveFeed } from '#routes/admin/live-feed.ts'
import { insideOperation, oneOf, textOf } from '#routes/admin/operation.ts'

/** @param live the server's live feed */
export const statisticsOperations = (ctx: Context, { live }: { live: LiveFeed }) => [
  insideOperation({
    id: 'retrieveStatistics',
    tag: 'Statistics',
    about: 'statistics',
    summary: 'Retrieve statistics',
    description:
      'Retrieves statistics by hour or day in UTC, including those in which nothing happened. Defaults to the last 24 hours or 30 days; the maximum is 1,000 buckets. Statistics are computed in the background: those of the current hour are up to half a minute old, those of the current day up to ten minutes.',
    route: 'GET /statistics',
    right: 'read statistics',
    query: z.object({
      interval: single(Interval.default('hour')).describe('Length of each bucket'),
      from: QueryTime.describe('Time that the first bucket contains'),
      to: QueryTime.describe('Returns only buckets before this time. Defaults to now'),
    }),
    answer: oneOf(Statistics),
    handle: (caller, { query }) => getStatistics(ctx, caller, query),
  }),
  insideOperation({
    id: 'watchLive',
    tag: 'Live',
    about: 'live',
    summary: 'Watch live events',
    description:
      'Streams server-sent events as they happen: `message` and `message.deleted`, `session` (a device connected), `job`, and for developers `function` and `webhook` (each attempt of a delivery), each with the resource as JSON. The header `Last-Event-ID` resumes the stream. If missed events are no longer available, which is the case after some minutes, an event `reset` comes first. Clients that read too slowly are disconnected.',
    route: 'GET /live',
    right: 'watch live',
    answer: textOf('text/event-stream'),
    handle: async ({ applicationId, operator }, { request, reply }) => {
      const after = lastEventId(request.headers['last-event-id']?.toString())
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value)
      }
      const forDevelopers = ofDevelopers.every((right) => hasRight(operator, right))
      await live.open({
        applicationId,
        forDevelopers,
        after,
        response: reply.raw,
        async check() {
          const now = await request.checkOperatorAgain()
          mustHaveRight(now, 'watch live')
          if (forDevelopers) for (const right of ofDevelopers) mustHaveRight(now, right)
          await enterApplication(ctx, now, applicationId)
        },
      })
      reply.hijack()
    },
  }),
]

/** The rights to see function runs and webhook deliveries in the stream. */
const ofDevelopers = ['read functions', 'read webhooks'] as const

function lastEventId(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw refused('live', 'Last-Event-ID', 'invalid', 'The header Last-Event-ID must be the id of an event')
}
