import type { Context } from '#context.ts'
import { countChannelsOfUser } from '#data/channels/channels.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { ChannelType } from '#resources/channel.ts'

/** Counts the channels, optionally of one type, that a user sees, or in which they have unread messages. */
export async function countUserChannels(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  { unread, type }: { unread?: boolean | undefined; type?: ChannelType | undefined },
): Promise<number> {
  return countChannelsOfUser(ctx.db, { applicationId, userId, of: unread ? 'unread' : 'visible', type })
}
