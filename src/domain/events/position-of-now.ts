import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { lastPosition, lastUntaken } from '#data/events/outbox.ts'

const takenPollMs = 5

/**
 * Returns a position up to which all of a channel's events so far are published. Waits for them to be taken, but at
 * most `patienceMs`.
 */
export async function positionOfNow(ctx: Context, channelId: number, patienceMs: number): Promise<number> {
  const giveUpAt = performance.now() + patienceMs
  const last = await lastUntaken(ctx.db, channelId)
  while (last !== undefined && performance.now() < giveUpAt && (await lastUntaken(ctx.db, channelId, last))) {
    await sleep(takenPollMs)
  }
  return lastPosition(ctx.db)
}
