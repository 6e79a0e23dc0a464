import type { Context } from '#context.ts'
import { findLastRead } from '#data/messages/reading.ts'
import { findUserByName } from '#data/users/users.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { mustExist } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/**
 * Returns the newest message of others in a channel that a user (by default the caller) has read.
 * @throws ChatError 404 for an unknown channel or user, AccessDeniedError if the caller is not a member
 */
export async function findLastReadMessage(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  username?: string,
): Promise<SeenMessage | undefined> {
  await mustBeMember(ctx, caller, channelId)
  if (username === undefined) return findLastRead(ctx.db, channelId, caller.userId, caller.userId)
  const reader = mustExist(await findUserByName(ctx.db, caller.applicationId, username), 'user', username)
  return findLastRead(ctx.db, channelId, caller.userId, reader.id)
}
