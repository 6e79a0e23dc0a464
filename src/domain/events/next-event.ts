import type { Context } from '#context.ts'
import { firstUntaken } from '#data/events/outbox.ts'

/** Returns the id of the next event to take. */
export function nextEvent(ctx: Context): Promise<number | undefined> {
  return firstUntaken(ctx.db)
}
