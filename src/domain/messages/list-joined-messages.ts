import type { Context } from '#context.ts'
import { listMessagesOfMember } from '#data/messages/seen-messages.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { SeenMessageFilters } from '#domain/messages/list-channel-messages.ts'
import type { SeenMessage } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** Lists messages of all channels that the user is a member of, newest first. */
export async function listJoinedMessages(
  ctx: Context,
  caller: UserCaller,
  { type }: Pick<SeenMessageFilters, 'type'>,
  request: CursorRequest,
): Promise<CursorPage<SeenMessage>> {
  const files = type === 'FILE'
  const page = await listMessagesOfMember(ctx.db, caller.userId, { of: 'all channels' }, { files }, request)
  return page ?? { items: [], size: request.size, hasPrevious: false }
}
