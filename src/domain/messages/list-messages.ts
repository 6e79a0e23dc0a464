import type { Context } from '#context.ts'
import {
  listMessages as listMessageRows,
  listReportedMessages as listReportedRows,
  type MessageFilters,
} from '#data/messages.ts'
import type { ApplicationCaller } from '#domain/access.ts'
import { mustHaveChannel } from '#domain/channels/get-channel.ts'
import { notFound } from '#errors.ts'
import type { Message } from '#resources/message.ts'
import type { CursorPage, CursorRequest, Page, PageRequest } from '#resources/page.ts'

/** Messages of the whole application, newest first. */
export function listApplicationMessages(
  ctx: Context,
  caller: ApplicationCaller,
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  return listMessagesOf(ctx, caller, { of: 'application', id: caller.applicationId }, filters, request)
}

/** Messages of a channel, newest first. @throws ChatError 404 */
export function listChannelMessages(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  return listMessagesOf(ctx, caller, { of: 'channel', id: channelId }, filters, request)
}

/**
 * Messages that a user sent, newest first; with `unread`, those of others in its channels that it has yet to read, or
 * has read (contract h13).
 * @throws ChatError 404
 */
export function listUserMessages(
  ctx: Context,
  caller: ApplicationCaller,
  userId: number,
  { unread }: { unread?: boolean | undefined },
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  const of = unread === undefined ? 'user' : unread ? 'unread by user' : 'read by user'
  return listMessagesOf(ctx, caller, { of, id: userId }, {}, request)
}

/** Messages of a channel that users have reported, newest first. @throws ChatError 404 */
export async function listReportedMessages(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  page: PageRequest,
): Promise<Page<Message>> {
  await mustHaveChannel(ctx, caller, channelId)
  return listReportedRows(ctx.db, channelId, page)
}

type Owner = Parameters<typeof listMessageRows>[2]

/** Messages of whoever owns them. @throws ChatError 404 where the application has no such owner */
export async function listMessagesOf(
  ctx: Context,
  caller: ApplicationCaller,
  owner: Owner,
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message>> {
  const page = await listMessageRows(ctx.db, caller.applicationId, owner, filters, request)
  if (!page) throw notFound(owner.of.split(' ').at(-1) ?? owner.of, owner.id)
  return page
}
