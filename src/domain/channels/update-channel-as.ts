import type { Context } from '#context.ts'
import { lockChannelProperties, updateChannelRow } from '#data/channels.ts'
import { causeOf, mustBeAbleToChange, type UserCaller } from '#domain/access.ts'
import { getChannelAs } from '#domain/channels/get-channel-as.ts'
import { ChatError, isConstraintError, notFound } from '#errors.ts'
import type { SeenChannel, UpdateChannel } from '#resources/channel.ts'

/**
 * Replaces what clients send of a channel. Moderators may, and the members of a direct channel, which has no names to
 * change (runtime contract 5.2, 8.2).
 * @throws ChatError 404, AccessDeniedError, ConflictError where another channel has the name
 */
export async function updateChannelAs(
  ctx: Context,
  caller: UserCaller,
  id: number,
  { name, displayName, properties }: UpdateChannel,
): Promise<SeenChannel> {
  const { applicationId } = caller
  await mustBeAbleToChange(ctx, caller, id)
  await ctx.db
    .transact(async (tx) => {
      const channel = await lockChannelProperties(tx, applicationId, id)
      if (!channel) throw notFound('channel', id)
      await updateChannelRow(tx, id, {
        ...(channel.type !== 'DIRECT' && {
          ...(name !== undefined && { name }),
          ...(displayName !== undefined && { displayName }),
        }),
        ...(properties && { properties }),
      })
      await tx.emit({ type: 'channel.updated', applicationId, channelId: id, payload: causeOf(caller) })
    })
    .catch((error) => {
      if (!isConstraintError(error, 'unique')) throw error
      throw new ChatError('ConflictError', `Another channel has the name ${name}`)
    })
  return getChannelAs(ctx, caller, id)
}
