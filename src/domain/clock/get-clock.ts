import type { Context } from '#context.ts'
import { movableClockOf } from '#domain/clock/movable-clock-of.ts'

/** What the test API says of the clock (testing contract 3). */
export interface ClockReading {
  /** ISO 8601. */
  now: string
  frozen: boolean
  /** How far it is ahead of real time. */
  offsetMs: number
}

export function getClock(ctx: Context): ClockReading {
  const clock = movableClockOf(ctx)
  const { now, offsetMs } = clock.read()
  return { now: new Date(now).toISOString(), frozen: clock.state.frozenAt !== undefined, offsetMs }
}
