import type { Context } from '#context.ts'
import { type ClockReading, getClock } from '#domain/clock/get-clock.ts'
import { moveClock } from '#domain/clock/move-clock.ts'

/** Advances the clock. Resolves when everything that has become due has happened, each at its own time. */
export async function advanceClock(ctx: Context, ms: number): Promise<ClockReading> {
  await moveClock(ctx, ({ state: { offsetMs, frozenAt } }) =>
    frozenAt === undefined ? { offsetMs: offsetMs + ms } : { offsetMs, frozenAt: frozenAt + ms },
  )
  return getClock(ctx)
}
