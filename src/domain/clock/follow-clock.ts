import { realClock } from '#clock/clock.ts'
import { MovableClock } from '#clock/movable.ts'
import type { Context } from '#context.ts'
import { readClock, writeClock } from '#data/clock.ts'

/**
 * Sets the clock of this process to that of the database, which another process has moved, or an earlier run. Without
 * the test API, it resets the clock of the database to real time instead.
 */
export async function followClock({ clock, db, queue }: Context): Promise<void> {
  const state = await readClock(db)
  if (clock instanceof MovableClock) {
    clock.show(state)
    clock.ring()
    await clock.look()
  } else if (state.offsetMs !== 0 || state.frozenAt !== undefined) {
    await queue.ready()
    await db.transact((tx) => writeClock(tx, realClock.state, -state.offsetMs))
  }
}
