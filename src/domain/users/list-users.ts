import type { Context } from '#context.ts'
import { readUserPage, type UserFilters } from '#data/users/user-lists.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

export function listUsers(
  ctx: Context,
  caller: ApplicationCaller,
  filters: UserFilters,
  page: PageRequest,
): Promise<Page<User>> {
  return readUserPage(ctx.db, caller.applicationId, filters, page)
}
