import type { Context } from '#context.ts'
import { vacuumOutbox } from '#data/events/outbox.ts'

/** How many taken events make a cleanup worthwhile, which takes a few milliseconds of Postgres. */
export const clearedMin = 10_000

/** Vacuums away taken events, sooner than Postgres itself, which checks once a minute. */
export function clearOutbox(ctx: Context): Promise<void> {
  return vacuumOutbox(ctx.db)
}
