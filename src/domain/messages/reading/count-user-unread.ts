import type { Context } from '#context.ts'
import { countUnread } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'

/** How many messages the user has yet to read in all channels that it has not hidden. */
export async function countUserUnread(ctx: Context, caller: UserCaller): Promise<number> {
  return countUnread(ctx.db, caller.userId, { hidden: false })
}
