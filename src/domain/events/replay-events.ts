import type { Context } from '#context.ts'
import { eventsFor, type MissedBy } from '#data/events/outbox.ts'
import type { CommittedEvent } from '#resources/events.ts'

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
