import type { Context } from '#context.ts'
import { readChannelBlockPage } from '#data/channels/channel-blocks.ts'
import type { MemberMatch } from '#data/channels/memberships.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import type { ChannelBlockRecord } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists the users blocked in a channel; only members may. @throws ChatError 404, AccessDeniedError */
export async function listChannelBlocks(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  match: MemberMatch,
  page: PageRequest,
): Promise<Page<ChannelBlockRecord>> {
  await mustBeMember(ctx, caller, channelId)
  return readChannelBlockPage(ctx.db, channelId, match, page)
}
