import type { Context } from '#context.ts'
import { firstUntaken } from '#data/events/outbox.ts'

/** The event that is to be taken next. */
export function nextEvent(ctx: Context): Promise<number | undefined> {
  return firstUntaken(ctx.db)
}
