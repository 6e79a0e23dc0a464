import type { Context } from '#context.ts'
import { findMessageById, updateLinks } from '#data/messages/messages.ts'
import type { MessageLink } from '#resources/message.ts'

/** Further links in a message get no preview. */
const previewsMax = 3

/** Fetches pages; see previews/. */
interface Previews {
  fetch(url: string): Promise<MessageLink['preview']>
}

/**
 * Fetches previews of the pages that a message links to and adds them to it, which does not count as an edit. A message
 * that was deleted or edited meanwhile is left alone.
 */
export async function addLinkPreviews(ctx: Context, pages: Previews, messageId: number): Promise<void> {
  const found = await findMessageById(ctx.db, messageId)
  if (!found || !('body' in found.message)) return
  const { applicationId, message } = found
  const sources = [...new Set(message.links.map(({ source }) => source))].slice(0, previewsMax)
  const previews = new Map(
    await Promise.all(sources.map(async (source) => [source, await pages.fetch(source)] as const)),
  )
  if (![...previews.values()].some((preview) => preview !== undefined)) return
  const links = message.links.map((link): MessageLink => {
    const preview = previews.get(link.source)
    return preview ? { ...link, preview } : link
  })
  await ctx.db.transact(async (tx) => {
    if (!(await updateLinks(tx, messageId, message.body, links))) return
    await tx.emit({
      type: 'channel.message.updated',
      applicationId,
      channelId: message.channelId,
      payload: { messageId },
    })
  })
}
