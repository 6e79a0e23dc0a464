import type { Context } from '#context.ts'
import { listInvites } from '#data/channels/invites.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveChannel } from '#domain/access/channel.ts'
import type { ChannelInvite } from '#resources/invite.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** @throws ChatError 404 */
export async function listChannelInvites(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  page: PageRequest,
): Promise<Page<ChannelInvite>> {
  await mustHaveChannel(ctx, caller, channelId)
  return listInvites(ctx.db, channelId, page)
}
