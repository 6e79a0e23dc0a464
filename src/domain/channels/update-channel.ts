import type { Context } from '#context.ts'
import { lockChannelProperties, updateChannelRow } from '#data/channels.ts'
import type { ApplicationCaller } from '#domain/access.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { patchProperties } from '#domain/merge-patch.ts'
import { notFound } from '#errors.ts'
import type { Channel, PatchChannel } from '#resources/channel.ts'

/** Applies a merge patch (RFC 7396). Direct channels have no display name to change. @throws ChatError 404 */
export async function updateChannel(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  patch: PatchChannel,
): Promise<Channel> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const channel = await lockChannelProperties(tx, applicationId, id)
    if (!channel) throw notFound('channel', id)
    const properties = patchProperties(channel.properties, patch.properties)
    await updateChannelRow(tx, id, {
      ...(patch.displayName !== undefined && channel.type !== 'DIRECT' && { displayName: patch.displayName }),
      ...(properties && { properties }),
    })
    await tx.emit({ type: 'channel.updated', applicationId, channelId: id })
  })
  return getChannel(ctx, caller, id)
}
