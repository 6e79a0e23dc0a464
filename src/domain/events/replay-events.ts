// Events that were told while somebody did not listen.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import {
  deleteOldEvents,
  eventsBetween,
  eventsFor,
  lastPosition,
  lastUntaken,
  type MissedBy,
} from '#data/events/outbox.ts'
import type { CommittedEvent } from '#resources/events.ts'

export type { MissedBy }

/** What a user missed, `max` events at the most; undefined where some of it is forgotten. */
export function replayEvents(
  ctx: Context,
  missedBy: MissedBy,
  after: number,
  through: number,
  max: number,
): Promise<CommittedEvent[] | undefined> {
  return eventsFor(ctx.db, missedBy, after, through, max)
}

/** What a process missed, `max` events at the most. */
export function missedEvents(
  ctx: Context,
  after: number,
  through: number,
  max: number,
): Promise<CommittedEvent[]> {
  return eventsBetween(ctx.db, after, through, max)
}

/** The position of the last event of all. */
export function currentPosition(ctx: Context): Promise<number> {
  return lastPosition(ctx.db)
}

const takenPollMs = 5

/**
 * The position through which a channel's events of up to now will have been told; not waited for longer than
 * `patienceMs`, should nobody take them.
 */
export async function positionOfNow(ctx: Context, channelId: number, patienceMs: number): Promise<number> {
  const giveUpAt = Date.now() + patienceMs
  const last = await lastUntaken(ctx.db, channelId)
  while (last !== undefined && Date.now() < giveUpAt && (await lastUntaken(ctx.db, channelId, last))) {
    await sleep(takenPollMs)
  }
  return lastPosition(ctx.db)
}

/** Forgets a batch of what is too old. @returns how many */
export function forgetEvents(ctx: Context): Promise<number> {
  return deleteOldEvents(ctx.db)
}
