import type { Context } from '#context.ts'
import { vacuumOutbox } from '#data/events/outbox.ts'

/** So many events that were taken are worth to be cleared away: it takes a few milliseconds of Postgres. */
export const clearedMin = 10_000

/** Clears away what taken events leave behind, sooner than Postgres would by itself, which looks once a minute. */
export function clearOutbox(ctx: Context): Promise<void> {
  return vacuumOutbox(ctx.db)
}
