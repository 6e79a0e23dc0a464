import type { Context } from '#context.ts'
import { deleteChannelRow } from '#data/channels.ts'
import type { Caller } from '#domain/access.ts'
import { notFound } from '#errors.ts'

/** Deletes a channel and everything in it; hosted files are swept soon after. @throws ChatError 404 */
export async function deleteChannel(ctx: Context, caller: Caller, id: number): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const gone = await deleteChannelRow(tx, applicationId, id)
    if (!gone) throw notFound('channel', id)
    await tx.emit(
      { type: 'channel.deleted', applicationId, channelId: id, count: -1 },
      { type: 'channel.message.deleted', applicationId, channelId: id, count: -gone.messages },
      { type: 'channel.member.left', applicationId, channelId: id, count: -gone.members },
    )
  })
}
