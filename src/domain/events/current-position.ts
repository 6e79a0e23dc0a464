import type { Context } from '#context.ts'
import { lastPosition } from '#data/events/outbox.ts'

/** Returns the position of the last published event. */
export function currentPosition(ctx: Context): Promise<number> {
  return lastPosition(ctx.db)
}
