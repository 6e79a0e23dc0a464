import type { Context } from '#context.ts'
import { countUnreadOfChannel } from '#data/messages/reading.ts'
import { countMessagesOfMember } from '#data/messages/seen-messages.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'

/**
 * Counts the messages of a channel that a member sees, or has not read yet.
 * @throws ChatError 404, AccessDeniedError if the caller is not a member
 */
export async function countChannelMessages(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  { unread }: { unread?: boolean | undefined },
): Promise<number> {
  await mustBeMember(ctx, caller, channelId)
  const countOf = unread ? countUnreadOfChannel : countMessagesOfMember
  return countOf(ctx.db, channelId, caller.userId)
}
