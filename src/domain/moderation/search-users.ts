import type { Context } from '#context.ts'
import { type AdminUserFilters, listAdministeredUsers } from '#data/users/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { AdminUser } from '#resources/admin/moderation.ts'

/** Lists users by name, each with their ban. */
export function searchUsers(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  filters: AdminUserFilters,
  request: ListRequest,
): Promise<ListPart<AdminUser>> {
  return listAdministeredUsers(ctx.db, applicationId, filters, request)
}
