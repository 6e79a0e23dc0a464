import type { Context } from '#context.ts'
import { type AdminChannelFilters, listAdministeredChannels } from '#data/channels/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { AdminChannel } from '#resources/admin/moderation.ts'

/** Channels by name, each with how much is in it. */
export function searchChannels(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  filters: AdminChannelFilters,
  request: ListRequest,
): Promise<ListPart<AdminChannel>> {
  return listAdministeredChannels(ctx.db, applicationId, filters, request)
}
