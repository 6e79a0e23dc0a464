import type { Context } from '#context.ts'
import type { MessageFilters } from '#data/messages/messages.ts'
import { listMessagesOfMember } from '#data/messages/seen-messages.ts'
import type { ApplicationCaller, UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { listMessagesOf } from '#domain/messages/list-messages-of.ts'
import type { Message, SeenMessage } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** Filters for the messages that a member sees in a channel. */
export interface SeenMessageFilters {
  /** Excludes replies and messages in other threads. */
  mainThread?: boolean | undefined
  /** Only messages with a file. */
  type?: 'FILE' | undefined
}

/**
 * Lists messages of a channel, newest first; users must be members, and get only those that they see.
 * @throws ChatError 404, AccessDeniedError
 */
export function listChannelMessages(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message>>
export function listChannelMessages(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  filters: SeenMessageFilters,
  request: CursorRequest,
): Promise<CursorPage<SeenMessage>>
export function listChannelMessages(
  ctx: Context,
  caller: ApplicationCaller | UserCaller,
  channelId: number,
  filters: MessageFilters & SeenMessageFilters,
  request: CursorRequest,
): Promise<CursorPage<SeenMessage>> {
  return caller.kind === 'user'
    ? listSeen(ctx, caller, channelId, filters, request)
    : listMessagesOf(ctx, caller, { of: 'channel', id: channelId }, filters, request)
}

async function listSeen(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  { mainThread, type }: SeenMessageFilters,
  request: CursorRequest,
): Promise<CursorPage<SeenMessage>> {
  const place = { of: mainThread ? ('main thread' as const) : ('channel' as const), id: channelId }
  const list = () => listMessagesOfMember(ctx.db, caller.userId, place, { files: type === 'FILE' }, request)
  const page = await list()
  if (page) return page
  await mustBeMember(ctx, caller, channelId)
  return (await list()) ?? { items: [], size: request.size, hasPrevious: false } // the user has just joined
}
