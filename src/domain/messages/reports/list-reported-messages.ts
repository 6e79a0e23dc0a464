import type { Context } from '#context.ts'
import { readReportedMessagePage } from '#data/messages/messages.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveChannel } from '#domain/access/channel.ts'
import type { Message } from '#resources/message.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists the reported messages of a channel, newest first. @throws ChatError 404 */
export async function listReportedMessages(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  page: PageRequest,
): Promise<Page<Message>> {
  await mustHaveChannel(ctx, caller, channelId)
  return readReportedMessagePage(ctx.db, channelId, page)
}
