import type { Context } from '#context.ts'
import { eventsBetween } from '#data/events/outbox.ts'
import type { CommittedEvent } from '#resources/events.ts'

/** Returns at most `max` of the events that a process missed. */
export function missedEvents(
  ctx: Context,
  after: number,
  through: number,
  max: number,
): Promise<CommittedEvent[]> {
  return eventsBetween(ctx.db, after, through, max)
}
