import type { Context } from '#context.ts'
import { findChannels } from '#data/channels/channels.ts'
import { listUnreadOfMembers } from '#data/messages/reading.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ReadReceiptSummary } from '#resources/read-receipt.ts'

/** Lists the unread counts of each member in each channel. */
export async function listReadReceiptSummaries(
  ctx: Context,
  caller: ApplicationCaller,
  page: PageRequest,
): Promise<Page<ReadReceiptSummary>> {
  const { items, ...place } = await listUnreadOfMembers(ctx.db, caller.applicationId, page)
  const channels = await findChannels(ctx.db, [...new Set(items.map(({ channelId }) => channelId))])
  return {
    ...place,
    items: items.flatMap(({ channelId, user, count }) => {
      const channel = channels.get(channelId)
      return channel ? [{ channel, user, count }] : []
    }),
  }
}
