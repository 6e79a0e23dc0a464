import type { Context } from '#context.ts'
import { listMessages as listMessageRows, type MessageFilters } from '#data/messages.ts'
import type { Caller } from '#domain/access.ts'
import { notFound } from '#errors.ts'
import type { Message } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** Messages of the whole application, newest first. */
export function listApplicationMessages(
  ctx: Context,
  caller: Caller,
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  return list(ctx, caller, { of: 'application', id: caller.applicationId }, filters, request)
}

/** Messages of a channel, newest first. @throws ChatError 404 */
export function listChannelMessages(
  ctx: Context,
  caller: Caller,
  channelId: number,
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  return list(ctx, caller, { of: 'channel', id: channelId }, filters, request)
}

/** Messages that a user sent, newest first (contract h13). @throws ChatError 404 */
export function listUserMessages(
  ctx: Context,
  caller: Caller,
  userId: number,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  return list(ctx, caller, { of: 'user', id: userId }, {}, request)
}

type Owner = Parameters<typeof listMessageRows>[2]

async function list(
  ctx: Context,
  caller: Caller,
  owner: Owner,
  filters: MessageFilters,
  request: CursorRequest,
) {
  const page = await listMessageRows(ctx.db, caller.applicationId, owner, filters, request)
  if (!page) throw notFound(owner.of, owner.id)
  return page
}
