import type { Context } from '#context.ts'
import { listParticipants } from '#data/channels/memberships.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustHaveChannel } from '#domain/access/channel.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

/** Lists members with an active chat session in the channel. */
export async function listChannelParticipants(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  page: PageRequest,
): Promise<Page<User>> {
  await mustHaveChannel(ctx, caller, id)
  return listParticipants(ctx.db, id, page)
}
