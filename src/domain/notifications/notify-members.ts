import type { Context } from '#context.ts'
import { type Notified, writeNotifications } from '#data/events/notifications.ts'

export { tasksMax } from '#data/events/notifications.ts'

/** Notifies a batch of absent members of up to `limit` messages, or of the message `only`. */
export function notifyMembers(ctx: Context, limit: number, only?: number): Promise<Notified> {
  return writeNotifications(ctx.db, limit, only)
}
