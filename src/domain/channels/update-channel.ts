import type { Context } from '#context.ts'
import { lockChannelProperties, updateChannelRow } from '#data/channels/channel-changes.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeAllowedToChangeChannel } from '#domain/access/channel.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { changedProperties, type PropertiesChange } from '#domain/merge-patch.ts'
import { ChatError, isConstraintError, mustExist } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/** A change of a channel; names are ignored for direct channels, which have none to change. */
export interface ChannelChange {
  name?: string | undefined
  displayName?: string | undefined
  properties?: PropertiesChange | undefined
}

/**
 * Changes a channel. Among users, moderators may, and the members of a direct channel (runtime contract 5.2, 8.2).
 * @throws ChatError 404, AccessDeniedError, ConflictError if another channel has the name
 */
export async function updateChannel(
  ctx: Context,
  caller: Caller,
  id: number,
  { name, displayName, properties }: ChannelChange,
): Promise<SeenChannel> {
  const { applicationId } = caller
  if (caller.kind === 'user') await mustBeAllowedToChangeChannel(ctx, caller, id)
  await ctx.db
    .transact(async (tx) => {
      const channel = mustExist(await lockChannelProperties(tx, applicationId, id), 'channel', id)
      const changed = changedProperties(channel.properties, properties)
      await updateChannelRow(tx, id, {
        ...(channel.type !== 'DIRECT' && {
          ...(name !== undefined && { name }),
          ...(displayName !== undefined && { displayName }),
        }),
        ...(changed && { properties: changed }),
      })
      await tx.emit({ type: 'channel.updated', applicationId, channelId: id, payload: causeOf(caller) })
    })
    .catch((error) => {
      if (!isConstraintError(error, 'unique')) throw error
      throw new ChatError('ConflictError', `Another channel has the name ${name}`)
    })
  return getChannel(ctx, caller, id)
}
