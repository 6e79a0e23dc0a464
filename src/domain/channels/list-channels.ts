import type { Context } from '#context.ts'
import { type ChannelFilters, readChannelPage } from '#data/channels/channels.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { Channel } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

export function listChannels(
  ctx: Context,
  caller: ApplicationCaller,
  filters: ChannelFilters,
  page: PageRequest,
): Promise<Page<Channel>> {
  return readChannelPage(ctx.db, caller.applicationId, filters, page)
}
