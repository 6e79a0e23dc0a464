import type { Context } from '#context.ts'
import { hasUnreadInChannel } from '#data/messages/reading.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'

/** Returns whether a member has unread messages in a channel. @throws ChatError 404, AccessDeniedError */
export async function isChannelUnread(ctx: Context, caller: UserCaller, channelId: number): Promise<boolean> {
  await mustBeMember(ctx, caller, channelId)
  return hasUnreadInChannel(ctx.db, channelId, caller.userId)
}
