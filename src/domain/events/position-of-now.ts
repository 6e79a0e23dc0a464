import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { lastPosition, lastUntaken } from '#data/events/outbox.ts'
import type { EventsOf } from '#resources/events.ts'

const takenPollMs = 5

/**
 * Returns a position up to which all of these events so far are published. Waits for them to be taken, but at
 * most `patienceMs`.
 */
export async function positionOfNow(ctx: Context, of: EventsOf, patienceMs: number): Promise<number> {
  const giveUpAt = performance.now() + patienceMs
  const last = await lastUntaken(ctx.db, of)
  while (last !== undefined && performance.now() < giveUpAt && (await lastUntaken(ctx.db, of, last))) {
    await sleep(takenPollMs)
  }
  return lastPosition(ctx.db)
}
