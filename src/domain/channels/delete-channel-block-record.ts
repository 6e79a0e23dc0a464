import type { Context } from '#context.ts'
import { deleteChannelBlock } from '#data/channels/channel-blocks.ts'
import { usersById } from '#data/users/users.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustHaveGroupChannel } from '#domain/access/channel.ts'
import { mustExist, notFound } from '#errors.ts'
import type { ChannelBlockRecord } from '#resources/channel.ts'

/** Unblocks a user in a channel; they do not become a member again. @throws ChatError 404, AccessDeniedError */
export async function deleteChannelBlockRecord(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  id: number,
): Promise<ChannelBlockRecord> {
  const { applicationId } = caller
  await mustHaveGroupChannel(ctx, caller, channelId)
  const { userId, createdTime } = await ctx.db.transact(async (tx) => {
    const gone = mustExist(await deleteChannelBlock(tx, channelId, id), 'channel block record', id)
    const payload = { ...gone, recordId: id, ...causeOf(caller) }
    await tx.emit({ type: 'channel.block_record.deleted', applicationId, channelId, payload })
    return gone
  })
  const user = (await usersById(ctx.db, [userId])).get(userId)
  if (!user) throw notFound('user', userId)
  return { id, channelId, user, createdTime }
}
