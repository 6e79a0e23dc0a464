import type { Context } from '#context.ts'
import { listUsers as listUserRows, type UserFilters } from '#data/users.ts'
import type { Caller } from '#domain/access.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { User } from '#resources/user.ts'

export function listUsers(
  ctx: Context,
  caller: Caller,
  filters: UserFilters,
  page: PageRequest,
): Promise<Page<User>> {
  return listUserRows(ctx.db, caller.applicationId, filters, page)
}
