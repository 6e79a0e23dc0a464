import type { Context } from '#context.ts'
import { movableClockOf } from '#domain/clock/movable-clock-of.ts'

/** The state of the clock in the test API (testing contract 3). */
export interface ClockReading {
  /** ISO 8601. */
  now: string
  frozen: boolean
  /** How far the clock is ahead of real time. */
  offsetMs: number
}

export function getClock(ctx: Context): ClockReading {
  const clock = movableClockOf(ctx)
  const { now, offsetMs } = clock.read()
  return { now: new Date(now).toISOString(), frozen: clock.state.frozenAt !== undefined, offsetMs }
}
