import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { listChannelMessages } from '#domain/messages/list-channel-messages.ts'
import { ChatError } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/**
 * Returns the newest message of a channel that a member sees.
 * @throws ChatError 404 also if there is none, AccessDeniedError if the caller is not a member
 */
export async function getLastReceivedMessage(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
): Promise<SeenMessage> {
  const newest = { size: 1, relation: 'SELF' as const }
  const { items } = await listChannelMessages(ctx, caller, channelId, {}, newest)
  if (!items[0]) throw new ChatError('ResourceNotFoundError', `channel ${channelId} has no message`)
  return items[0]
}
