import { isBlocked, lockAdmission } from '#data/channels/channel-blocks.ts'
import { insertMembers } from '#data/channels/memberships.ts'
import type { Tx } from '#data/database.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'

/**
 * Makes a user a member of a group channel, if they are not one already, in the caller's transaction. Users may not
 * admit a user whom moderators have blocked; backends may.
 * @throws ChatError UserBlockedError, a foreign key violation if the channel is gone
 */
export async function admitMember(tx: Tx, caller: Caller, channelId: number, userId: number): Promise<void> {
  if (caller.kind === 'user') {
    await lockAdmission(tx, channelId, userId)
    if (await isBlocked(tx, channelId, userId)) {
      throw new ChatError('UserBlockedError', `user ${userId} is blocked in channel ${channelId}`)
    }
  }
  const joined = await insertMembers(tx, channelId, [userId])
  if (joined.length === 0) return
  await tx.emit({
    type: 'channel.member.joined',
    applicationId: caller.applicationId,
    channelId,
    count: 1,
    payload: { userId, ...causeOf(caller) },
  })
}
