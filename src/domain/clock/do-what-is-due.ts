import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { isWorkDue } from '#data/clock.ts'
import { movableClockOf } from '#domain/clock/movable-clock-of.ts'

const pollMs = 5
/** Work that takes longer goes on behind the answer. */
const patienceMs = 60_000
/** For what goes on behind requests: sessions come to their end in no time, but a page that is previewed may be slow. */
const settlingMs = 1_000

/** Resolves when everything has happened that is due by the clock, and is told to who is connected. */
export async function doWhatIsDue(ctx: Context): Promise<void> {
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
      ctx.log.warn('what is due by the clock takes long, and is not waited for any more')
      return
    }
    await sleep(pollMs)
  }
}

function settled(ctx: Context): Promise<void> {
  return Promise.race([ctx.settled(), sleep(settlingMs, undefined, { ref: false })])
}
