import type { Context } from '#context.ts'
import { readUserChannelPage } from '#data/channels/channels.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { UserChannelFilters } from '#domain/channels/list-visible-channels.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists public channels that a user is neither a member of nor blocked in, most recently active first. */
export async function listJoinableChannels(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  { name }: Pick<UserChannelFilters, 'name'>,
  page: PageRequest,
): Promise<Page<SeenChannel>> {
  return readUserChannelPage(ctx.db, { applicationId, userId, of: 'joinable', name }, page)
}
