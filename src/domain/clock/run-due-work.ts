import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { isWorkDue } from '#data/clock.ts'
import { movableClockOf } from '#domain/clock/movable-clock-of.ts'

const pollMs = 5
/** Work that takes longer continues after the answer. */
const patienceMs = 60_000
/** How long to wait for work behind requests. Sessions end in no time, but link previews may be slow. */
const settlingMs = 1_000

/** Resolves when everything due by the clock has happened and clients are notified; gives up after a minute. */
export async function runDueWork(ctx: Context): Promise<void> {
  const clock = movableClockOf(ctx)
  clock.ring()
  await settled(ctx)
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    const isDue = await isWorkDue(ctx.db)
    await clock.look()
    await settled(ctx)
    if (!isDue) return
    if (performance.now() > giveUpAt) {
      ctx.log.warn('work that is due by the clock takes long and continues in the background')
      return
    }
    await sleep(pollMs)
  }
}

function settled(ctx: Context): Promise<void> {
  return Promise.race([ctx.settled(), sleep(settlingMs, undefined, { ref: false })])
}
