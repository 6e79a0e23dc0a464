import type { Context } from '#context.ts'
import { readUserChannelPage } from '#data/channels/channels.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** What a user looks for among channels. */
export interface UserChannelFilters {
  /** Only those that it is a member of. */
  subscribable?: boolean | undefined
  /** What the name or display name of a group has in it, whatever its case. */
  name?: string | undefined
}

/** The channels that a user sees: their own, but hidden ones, and public ones; the last active first. */
export async function listVisibleChannels(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  { subscribable, name }: UserChannelFilters,
  page: PageRequest,
): Promise<Page<SeenChannel>> {
  const of = subscribable ? 'joined' : 'visible'
  return readUserChannelPage(ctx.db, { applicationId, userId, of, name }, page)
}
