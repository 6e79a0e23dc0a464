import { isBlocked, lockAdmission } from '#data/channels/channel-blocks.ts'
import { insertMembers } from '#data/channels/memberships.ts'
import type { Tx } from '#data/database.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'
import type { EventDraft } from '#resources/events.ts'

/**
 * Makes a user a member of a group channel, if they are not one already, in the caller's transaction. Users may not
 * admit a user whom moderators have blocked; backends may.
 * @returns the event of the join, which the caller emits; nothing if they were a member
 * @throws ChatError UserBlockedError, a foreign key violation if the channel is gone
 */
export async function admit(
  tx: Tx,
  caller: Caller,
  channelId: number,
  userId: number,
): Promise<EventDraft[]> {
  if (caller.kind === 'user') {
    await lockAdmission(tx, channelId, userId)
    if (await isBlocked(tx, channelId, userId)) {
      throw new ChatError('UserBlockedError', `user ${userId} is blocked in channel ${channelId}`)
    }
  }
  const joined = await insertMembers(tx, channelId, [userId])
  return joined.map(() => ({
    type: 'channel.member.joined',
    applicationId: caller.applicationId,
    channelId,
    count: 1,
    payload: { userId, ...causeOf(caller) },
  }))
}
