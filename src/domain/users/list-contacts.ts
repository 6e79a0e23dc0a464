import type { Context } from '#context.ts'
import { readContactPage, type UserMatch } from '#data/users/user-lists.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

export type { UserMatch }

/** Lists all other users of the application (runtime contract 8.3), by name. */
export function listContacts(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  match: UserMatch,
  page: PageRequest,
): Promise<Page<User>> {
  return readContactPage(ctx.db, applicationId, userId, match, page)
}
