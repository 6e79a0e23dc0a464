import type { Context } from '#context.ts'
import { addLinkPreviews } from '#domain/messages/add-link-previews.ts'
import type { MessageLink } from '#resources/message.ts'

/** Has the pages looked at that a message links to, where the settings want that. Nobody waits for it. */
export function previewLater(ctx: Context, id: number, links: MessageLink[]): void {
  if (ctx.previews && links.length > 0) ctx.later(addLinkPreviews(ctx, ctx.previews, id))
}
