import type { Context } from '#context.ts'
import { countUnread } from '#data/messages/reading.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getUser } from '#domain/users/get-user.ts'

/** Counts a user's unread messages in all of their channels. @throws ChatError 404 */
export async function countUserUnreadMessages(
  ctx: Context,
  caller: ApplicationCaller,
  userId: number,
): Promise<{ count: number }> {
  await getUser(ctx, caller, userId)
  return { count: await countUnread(ctx.db, userId, { hidden: true }) }
}
