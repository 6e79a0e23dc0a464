import type { Context } from '#context.ts'
import { setHidden } from '#data/channels/memberships.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { changeOwnMembership } from '#domain/channels/members/change-own-membership.ts'
import { ChatError } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/**
 * Removes a direct channel from the member's lists until somebody sends a message or it is created again.
 * @throws ChatError 404, 400 for a group channel
 */
export async function hideChannel(ctx: Context, caller: UserCaller, id: number): Promise<SeenChannel> {
  const { type } = await mustBeMember(ctx, caller, id)
  if (type !== 'DIRECT') {
    throw new ChatError('ClientError', `channel ${id} is a group: only direct channels can be hidden`, [
      { resource: 'channel', field: 'type', code: 'invalid', message: 'must be DIRECT' },
    ])
  }
  return changeOwnMembership(ctx, caller, id, 'hidden', (tx) => setHidden(tx, id, caller.userId, true))
}
