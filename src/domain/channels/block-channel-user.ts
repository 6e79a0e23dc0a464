import type { Context } from '#context.ts'
import { insertChannelBlock, lockAdmission } from '#data/channels/channel-blocks.ts'
import { deleteMember } from '#data/channels/memberships.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { mustStayUsers } from '#domain/access/user.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import { ChatError, unlessGone } from '#errors.ts'
import type { ChannelBlockRecord } from '#resources/channel.ts'
import type { UserReference } from '#resources/user.ts'

/**
 * Blocks a user in a channel, unless already blocked: they are removed from it, and cannot rejoin.
 * @throws ChatError 404, 400 for a direct channel, AccessDeniedError if the caller is no moderator, ValidationError for
 * oneself
 */
export async function blockChannelUser(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  reference: UserReference,
): Promise<ChannelBlockRecord> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const user = await resolveUser(ctx, caller, reference)
  if (user.id === caller.userId) throw new ChatError('ValidationError', 'Moderators cannot block themselves')
  return ctx.db
    .transact(async (tx) => {
      await lockAdmission(tx, channelId, user.id)
      await mustStayUsers(tx, user.id)
      const { id, createdTime, isNew } = await insertChannelBlock(tx, channelId, user.id)
      const base = { applicationId, channelId }
      const about = { userId: user.id, ...causeOf(caller) }
      if (isNew) {
        const payload = { ...about, recordId: id, createdTime }
        await tx.emit({ type: 'channel.block_record.created', ...base, payload })
      }
      const former = await deleteMember(tx, channelId, user.id)
      if (former) {
        const payload = { ...about, ...former, blocked: true }
        await tx.emit({ type: 'channel.member.left', ...base, count: -1, payload })
      }
      return { id, channelId, user, createdTime }
    })
    .catch(unlessGone('channel', channelId))
}
