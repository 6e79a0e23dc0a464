// The routes of the clock (testing contract 3).
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { advanceClock } from '#domain/clock/advance-clock.ts'
import { getClock } from '#domain/clock/get-clock.ts'
import { releaseClock } from '#domain/clock/release-clock.ts'
import { setClock } from '#domain/clock/set-clock.ts'
import { refused } from '#errors.ts'
import { readBody } from '#test-api/reading.ts'

/** Grants count seconds since the epoch, and formatted times have four-digit years. */
const earliest = Date.UTC(1970, 0, 2)
const latest = Date.UTC(9000, 0, 1)

/** A time in UTC unless it has an offset. */
const Time = z
  .union(
    [
      z.iso.datetime({ offset: true, local: true }),
      z.iso.datetime({ offset: true, precision: -1 }),
      z.iso.date(),
    ],
    { error: 'must be an ISO 8601 time, as 2026-12-24T18:00:00Z' },
  )
  .transform((text) => Date.parse(/^[\d-]+$|(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`))
  .refine((time) => time >= earliest && time <= latest, 'must be between 1970-01-02 and 9000-01-01')

const Setting = z.strictObject({ now: Time.optional(), frozen: z.boolean().optional() })

const unitMs = { ms: 1, seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 }
/** One hundred years. */
const advanceMaxMs = 36_525 * unitMs.days

const amount = (ms: number) =>
  z
    .number()
    .min(0)
    .max(advanceMaxMs / ms)
    .optional()
const Advance = z
  .strictObject({
    ms: amount(unitMs.ms),
    seconds: amount(unitMs.seconds),
    minutes: amount(unitMs.minutes),
    hours: amount(unitMs.hours),
    days: amount(unitMs.days),
  })
  .transform((given) => Object.entries(given) as [keyof typeof unitMs, number][])

export async function clock(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  scope.get('/clock', async () => getClock(ctx))

  scope.put('/clock', async ({ body }) => setClock(ctx, readBody('clock', Setting, body)))

  scope.post('/clock/advance', async ({ body }) => {
    const given = readBody('clock', Advance, body)
    if (given.length === 0) {
      throw refused('clock', 'ms', 'missing_field', 'give a duration in ms, seconds, minutes, hours or days')
    }
    const ms = Math.round(given.reduce((sum, [unit, count]) => sum + count * unitMs[unit], 0))
    if (ctx.clock.now() + ms > latest) {
      const [[unit] = ['ms']] = given
      throw refused('clock', unit, 'invalid', `${unit}: the clock goes no further than 9000-01-01`)
    }
    return advanceClock(ctx, ms)
  })

  scope.delete('/clock', async (_request, reply) => {
    await releaseClock(ctx)
    return reply.code(204).send()
  })
}
