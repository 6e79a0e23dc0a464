import type { Context } from '#context.ts'
import { readUserChannelPage } from '#data/channels/channels.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Filters for the channels that a user sees. */
export interface UserChannelFilters {
  /** Whether to list only channels that the user is a member of. */
  subscribable?: boolean | undefined
  /** A text that the name or display name of a group contains, ignoring case. */
  name?: string | undefined
}

/** Lists the channels that a user sees, most recently active first: public ones, and their own unless hidden. */
export async function listVisibleChannels(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  { subscribable, name }: UserChannelFilters,
  page: PageRequest,
): Promise<Page<SeenChannel>> {
  const of = subscribable ? 'joined' : 'visible'
  return readUserChannelPage(ctx.db, { applicationId, userId, of, name }, page)
}
