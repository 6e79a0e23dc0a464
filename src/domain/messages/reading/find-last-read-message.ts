import type { Context } from '#context.ts'
import { findLastRead } from '#data/messages/reading.ts'
import { findUserByName } from '#data/users/users.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { mustBeThere } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/**
 * The newest message of others that a user, the caller where none is named, has read in a channel.
 * @throws ChatError 404 for an unknown channel or user, AccessDeniedError for who is no member
 */
export async function findLastReadMessage(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  username?: string,
): Promise<SeenMessage | undefined> {
  await mustBeMember(ctx, caller, channelId)
  if (username === undefined) return findLastRead(ctx.db, channelId, caller.userId, caller.userId)
  const reader = mustBeThere(await findUserByName(ctx.db, caller.applicationId, username), 'user', username)
  return findLastRead(ctx.db, channelId, caller.userId, reader.id)
}
