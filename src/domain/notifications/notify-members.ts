import type { Context } from '#context.ts'
import { type Notified, writeNotifications } from '#data/events/notifications.ts'

export { tasksMax } from '#data/events/notifications.ts'

/** Notifies a batch of members of messages they were not there for: of `limit` messages, or of one alone. */
export function notifyMembers(ctx: Context, limit: number, only?: number): Promise<Notified> {
  return writeNotifications(ctx.db, limit, only)
}
