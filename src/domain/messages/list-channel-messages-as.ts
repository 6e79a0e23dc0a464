import type { Context } from '#context.ts'
import { listMessagesOfMember } from '#data/seen-messages.ts'
import { mustBeMember, type UserCaller } from '#domain/access.ts'
import type { SeenMessage } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

export interface SeenMessageFilters {
  /** Only those that are no replies, nor in another thread. */
  mainThread?: boolean | undefined
  /** Only those with a file. */
  type?: 'FILE' | undefined
}

/** Messages of a channel that a member sees, newest first. @throws ChatError 404, AccessDeniedError */
export async function listChannelMessagesAs(
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
