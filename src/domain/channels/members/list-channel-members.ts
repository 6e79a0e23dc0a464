import type { Context } from '#context.ts'
import { listMembers, type MemberMatch } from '#data/channels/memberships.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustHaveChannel } from '#domain/access/channel.ts'
import { inOrderFor } from '#domain/channels/members/in-order-for.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

export async function listChannelMembers(
  ctx: Context,
  caller: Caller,
  id: number,
  page: PageRequest,
  match?: MemberMatch,
): Promise<Page<User>> {
  await mustHaveChannel(ctx, caller, id)
  return listMembers(ctx.db, id, inOrderFor(caller, page), match)
}
