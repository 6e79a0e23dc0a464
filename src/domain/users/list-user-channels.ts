import type { Context } from '#context.ts'
import { listChannelsOfUser } from '#data/channels/channels.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { getUser } from '#domain/users/get-user.ts'
import type { Channel } from '#resources/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists the channels that the user is a member of. @throws ChatError 404 */
export async function listUserChannels(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  page: PageRequest,
): Promise<Page<Channel>> {
  await getUser(ctx, caller, id)
  return listChannelsOfUser(ctx.db, id, page)
}
