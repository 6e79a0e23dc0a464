import type { Context } from '#context.ts'
import { listBlocks } from '#data/users/user-blocks.ts'
import type { UserMatch } from '#data/users/user-lists.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { UserBlockedRecord } from '#resources/user.ts'

/** Lists the users whom the caller has blocked, oldest first. */
export function listBlockedUsers(
  ctx: Context,
  { userId }: UserCaller,
  match: UserMatch,
  page: PageRequest,
): Promise<Page<UserBlockedRecord>> {
  return listBlocks(ctx.db, userId, match, page)
}
