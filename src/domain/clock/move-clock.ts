import { isDeepStrictEqual } from 'node:util'
import type { ClockState } from '#clock/clock.ts'
import type { MovableClock } from '#clock/movable.ts'
import type { Context } from '#context.ts'
import { nextDueTime, writeClock } from '#data/clock.ts'
import { movableClockOf } from '#domain/clock/movable-clock-of.ts'
import { runDueWork } from '#domain/clock/run-due-work.ts'

/**
 * Moves the clock of all processes to the state that `aim` returns. Moving forwards, it pauses at each time at which
 * something is due. Resolves when all of that has happened; concurrent moves run one after the other.
 */
export function moveClock(ctx: Context, aim: (clock: MovableClock) => ClockState): Promise<void> {
  const clock = movableClockOf(ctx)
  return clock.inTurn(async () => {
    await ctx.queue.ready()
    await runDueWork(ctx)
    const state = aim(clock)
    if (isDeepStrictEqual(state, clock.state)) return
    for (;;) {
      const due = Math.min(clock.nextAlarm ?? Infinity, (await nextDueTime(ctx.db)) ?? Infinity)
      if (due > clock.timeIn(state)) break
      await show(ctx, clock, { ...state, frozenAt: Math.max(due, clock.now()) })
      await runDueWork(ctx)
    }
    await show(ctx, clock, state)
    await runDueWork(ctx)
  })
}

async function show({ db, bus, node }: Context, clock: MovableClock, state: ClockState): Promise<void> {
  await db.transact((tx) => writeClock(tx, state, clock.timeIn(state) - clock.now()))
  clock.show(state)
  if (bus.isShared) await bus.publish({ kind: 'clock moved', node: node.id })
}
