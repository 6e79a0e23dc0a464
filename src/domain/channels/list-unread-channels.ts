import type { Context } from '#context.ts'
import { readUserChannelPage } from '#data/channels/channels.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { UserChannelFilters } from '#domain/channels/list-visible-channels.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/**
 * Lists channels with unread messages for a user, most recently active first. The filter `subscribable` makes no
 * difference, because only members can have unread messages.
 */
export async function listUnreadChannels(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  { name }: UserChannelFilters,
  page: PageRequest,
): Promise<Page<SeenChannel>> {
  return readUserChannelPage(ctx.db, { applicationId, userId, of: 'unread', name }, page)
}
