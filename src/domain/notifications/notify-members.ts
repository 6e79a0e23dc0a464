import type { Context } from '#context.ts'
import { notifyMembers as notifyMemberRows } from '#data/notifications.ts'

/** Tells a batch of members of messages they were not there for. @returns whether more may wait */
export function notifyMembers(ctx: Context): Promise<boolean> {
  return notifyMemberRows(ctx.db)
}
