import type { Context } from '#context.ts'
import { deleteOldEvents } from '#data/events/outbox.ts'

/** Forgets a batch of what is too old. @returns how many */
export function forgetEvents(ctx: Context): Promise<number> {
  return deleteOldEvents(ctx.db)
}
