import type { Context } from '#context.ts'
import { type Notified, notifyMembers as notifyMemberRows } from '#data/notifications.ts'

/** Tells a batch of members of messages they were not there for. */
export function notifyMembers(ctx: Context): Promise<Notified> {
  return notifyMemberRows(ctx.db)
}
