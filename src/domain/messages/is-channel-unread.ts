import type { Context } from '#context.ts'
import { hasUnreadInChannel } from '#data/reading.ts'
import { mustBeMember, type UserCaller } from '#domain/access.ts'

/** Whether a member has anything to read in a channel. @throws ChatError 404, AccessDeniedError */
export async function isChannelUnread(ctx: Context, caller: UserCaller, channelId: number): Promise<boolean> {
  await mustBeMember(ctx, caller, channelId)
  return hasUnreadInChannel(ctx.db, channelId, caller.userId)
}
