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
      'By hours or days in UTC, those in which nothing happened among them: the last 24 hours or 30 days where no time is given, 1,000 buckets at most. They are counted in the background: this hour is half a minute old, this day ten minutes.',
    route: 'GET /statistics',
    right: 'read statistics',
    query: z.object({
      interval: single(Interval.default('hour')).describe('How long each bucket is'),
      from: QueryTime.describe('The bucket that this time lies in is the first'),
      to: QueryTime.describe('Only before this time; now where absent'),
    }),
    answer: oneOf(Statistics),
    handle: (caller, { query }) => getStatistics(ctx, caller, query),
  }),
  insideOperation({
    id: 'watchLive',
    tag: 'Live',
    about: 'live',
    summary: 'Watch what happens',
    description:
      'Server-sent events as they happen: `message` and `message.deleted`, `session` (somebody connected), `job`, and for developers `function` and `webhook` (each attempt of a delivery), each with the resource as JSON. The header `Last-Event-ID` resumes: an event `reset` comes first where what was missed is not known any more, which is after some minutes. Who reads too slowly is cut off.',
    route: 'GET /live',
    right: 'watch live',
    answer: textOf('text/event-stream'),
    handle: async ({ applicationId, operator }, { request, reply }) => {
      const after = lastEventId(request.headers['last-event-id']?.toString())
      reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value)
      }
      await live
        .open({
          applicationId,
          forDevelopers: hasRight(operator, 'read functions') && hasRight(operator, 'read webhooks'),
          after,
          response: reply.raw,
          async check() {
            const now = await request.checkOperatorAgain()
            mustHaveRight(now, 'watch live')
            await enterApplication(ctx, now, applicationId)
          },
        })
        .catch((error) => {
          ctx.log.warn({ err: error, applicationId }, 'a live view could not be opened')
          reply.raw.writeHead(503, { 'retry-after': '5' }).end()
        })
    },
  }),
]

function lastEventId(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw refused('live', 'Last-Event-ID', 'invalid', 'The header Last-Event-ID must be the id of an event')
}
