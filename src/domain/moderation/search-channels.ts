import type { Context } from '#context.ts'
import { type AdminChannelFilters, listAdministeredChannels } from '#data/channels/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { AdminChannel } from '#resources/admin/moderation.ts'

/** Lists channels by name, each with the counts of its contents. */
export function searchChannels(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  filters: AdminChannelFilters,
  request: ListRequest,
): Promise<ListPart<AdminChannel>> {
  return listAdministeredChannels(ctx.db, applicationId, filters, request)
}
