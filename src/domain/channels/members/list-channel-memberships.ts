import type { Context } from '#context.ts'
import { listMemberships } from '#data/channels/memberships.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveChannel } from '#domain/access/channel.ts'
import type { ChannelMembership } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

export async function listChannelMemberships(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  page: PageRequest,
): Promise<Page<ChannelMembership>> {
  await mustHaveChannel(ctx, caller, id)
  return listMemberships(ctx.db, id, page)
}
