import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { lastPosition, lastUntaken } from '#data/events/outbox.ts'

const takenPollMs = 5

/**
 * The position through which a channel's events of up to now will have been published; not waited for longer than
 * `patienceMs`, should nobody take them.
 */
export async function positionOfNow(ctx: Context, channelId: number, patienceMs: number): Promise<number> {
  const giveUpAt = performance.now() + patienceMs
  const last = await lastUntaken(ctx.db, channelId)
  while (last !== undefined && performance.now() < giveUpAt && (await lastUntaken(ctx.db, channelId, last))) {
    await sleep(takenPollMs)
  }
  return lastPosition(ctx.db)
}
