import type { Context } from '#context.ts'
import { addLinkPreviews } from '#domain/messages/add-link-previews.ts'
import type { MessageLink } from '#resources/message.ts'

/** Fetches link previews for a message in the background, if the settings enable them. */
export function previewLater(ctx: Context, id: number, links: MessageLink[]): void {
  if (ctx.previews && links.length > 0) ctx.later(addLinkPreviews(ctx, ctx.previews, id))
}
