import type { Context } from '#context.ts'
import { firstTask } from '#data/events/notifications.ts'

/** The message that members are to be notified of next. */
export function nextTask(ctx: Context): Promise<number | undefined> {
  return firstTask(ctx.db)
}
