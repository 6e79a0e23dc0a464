import type { Context } from '#context.ts'
import { setModerator } from '#data/channels/memberships.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { admitMember } from '#domain/channels/members/admit-member.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import { unlessGone } from '#errors.ts'
import type { User, UserReference } from '#resources/user.ts'

/**
 * Makes a user a moderator, and first a member if they are not.
 * @throws ChatError 404, 400 for a direct channel, AccessDeniedError, UserBlockedError
 */
export async function addModerator(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: UserReference,
): Promise<User> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, input)
  const payload = { userId: user.id, ...causeOf(caller) }
  await ctx.db
    .transact(async (tx) => {
      await admitMember(tx, caller, channelId, user.id)
      if (await setModerator(tx, channelId, user.id, true)) {
        await tx.emit({ type: 'channel.moderator.added', applicationId, channelId, payload })
      }
    })
    .catch(unlessGone('channel', channelId))
  return user
}
