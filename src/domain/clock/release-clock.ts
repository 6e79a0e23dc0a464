import { realClock } from '#clock/clock.ts'
import type { Context } from '#context.ts'
import { moveClock } from '#domain/clock/move-clock.ts'

/** Returns the clock to real time. */
export function releaseClock(ctx: Context): Promise<void> {
  return moveClock(ctx, () => realClock.state)
}
