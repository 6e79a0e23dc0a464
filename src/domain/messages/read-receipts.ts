// Who has read what, as backends ask for it.
import type { Context } from '#context.ts'
import { findChannels } from '#data/channels.ts'
import { countUnread, listReaders, listUnreadOfMembers } from '#data/reading.ts'
import type { ApplicationCaller } from '#domain/access.ts'
import { getMessage } from '#domain/messages/get-message.ts'
import { getUser } from '#domain/users/get-user.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { ReadReceipt, ReadReceiptSummary } from '#resources/read-receipt.ts'

/** Who has read a message, and when. @throws ChatError 404 */
export async function listMessageReadReceipts(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  page: PageRequest,
): Promise<Page<ReadReceipt>> {
  return listReaders(ctx.db, await getMessage(ctx, caller, id), page)
}

/** How much each member of each channel has yet to read. */
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

/** How many messages of all its channels a user has yet to read. @throws ChatError 404 */
export async function countUserUnreadMessages(
  ctx: Context,
  caller: ApplicationCaller,
  userId: number,
): Promise<{ count: number }> {
  await getUser(ctx, caller, userId)
  return { count: await countUnread(ctx.db, userId, { hidden: true }) }
}
