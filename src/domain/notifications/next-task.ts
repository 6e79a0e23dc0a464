import type { Context } from '#context.ts'
import { firstTask } from '#data/events/notifications.ts'

/** Returns the id of the next message that members are to be notified of. */
export function nextTask(ctx: Context): Promise<number | undefined> {
  return firstTask(ctx.db)
}
