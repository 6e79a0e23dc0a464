import type { Context } from '#context.ts'
import { type ClockReading, getClock } from '#domain/clock/get-clock.ts'
import { moveClock } from '#domain/clock/move-clock.ts'

/**
 * Sets the clock to a time in milliseconds since the epoch, and freezes or unfreezes it; omitted values stay as they
 * are. Resolves when everything that became due has happened.
 */
export async function setClock(
  ctx: Context,
  { now, frozen }: { now?: number | undefined; frozen?: boolean | undefined },
): Promise<ClockReading> {
  await moveClock(ctx, (clock) =>
    clock.stateAt(now ?? clock.now(), frozen ?? clock.state.frozenAt !== undefined),
  )
  return getClock(ctx)
}
