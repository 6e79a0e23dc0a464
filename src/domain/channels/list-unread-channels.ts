import type { Context } from '#context.ts'
import { readUserChannelPage } from '#data/channels/channels.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { UserChannelFilters } from '#domain/channels/list-visible-channels.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/**
 * Channels in which a user has something to read, the last active first. Only members have, so that it makes no
 * difference whether they alone are asked for.
 */
export async function listUnreadChannels(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  { name }: UserChannelFilters,
  page: PageRequest,
): Promise<Page<SeenChannel>> {
  return readUserChannelPage(ctx.db, { applicationId, userId, of: 'unread', name }, page)
}
