import type { Context } from '#context.ts'
import { deleteOldEvents } from '#data/events/outbox.ts'

/** Deletes a batch of expired events. @returns how many */
export function forgetEvents(ctx: Context): Promise<number> {
  return deleteOldEvents(ctx.db)
}
