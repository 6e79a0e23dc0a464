import type { Context } from '#context.ts'
import type { MessageFilters } from '#data/messages/messages.ts'
import { listMessagesOfMember } from '#data/messages/seen-messages.ts'
import type { ApplicationCaller, UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { listMessagesOf } from '#domain/messages/list-messages-of.ts'
import type { Message, SeenMessage } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** What users look for in a channel. */
export interface SeenMessageFilters {
  /** Only those that are no replies, nor in another thread. */
  mainThread?: boolean | undefined
  /** Only those with a file. */
  type?: 'FILE' | undefined
}

/**
 * Messages of a channel, newest first: all of them for backends, those that they see for users, who must be members.
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
  return (await list()) ?? { items: [], size: request.size, hasPrevious: false } // joined just now
}
