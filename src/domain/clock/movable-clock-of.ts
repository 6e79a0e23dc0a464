import { MovableClock } from '#clock/movable.ts'
import type { Context } from '#context.ts'

/** @throws Error if the test API is not enabled */
export function movableClockOf({ clock }: Context): MovableClock {
  if (clock instanceof MovableClock) return clock
  throw new Error('The clock is moved through the test API alone')
}
