import type { Context } from '#context.ts'
import { countUnread } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'

/** Counts the user's unread messages in all channels that they have not hidden. */
export async function countUserUnread(ctx: Context, caller: UserCaller): Promise<number> {
  return countUnread(ctx.db, caller.userId, { hidden: false })
}
