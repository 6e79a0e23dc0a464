import type { Context } from '#context.ts'
import { type ClockReading, getClock } from '#domain/clock/get-clock.ts'
import { moveClock } from '#domain/clock/move-clock.ts'

/**
 * Has the clock show a time, in milliseconds since the epoch, stop or go on; what is left out stays as it is. Resolves
 * when what has become due by that has happened.
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
