import type { Context } from '#context.ts'
import { listWebhookRows } from '#data/webhooks/webhooks.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import type { ListPart, ListRequest } from '#resources/admin/list.ts'
import type { Webhook } from '#resources/webhook.ts'

/** Lists webhooks, newest first. */
export function listWebhooks(
  ctx: Context,
  { applicationId }: ApplicationCaller,
  request: ListRequest,
): Promise<ListPart<Webhook>> {
  return listWebhookRows(ctx.db, applicationId, request)
}
