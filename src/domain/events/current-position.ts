import type { Context } from '#context.ts'
import { lastPosition } from '#data/events/outbox.ts'

/** The position of the last event of all. */
export function currentPosition(ctx: Context): Promise<number> {
  return lastPosition(ctx.db)
}
