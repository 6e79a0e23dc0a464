import type { Context } from '#context.ts'
import { listMessagesOfMember } from '#data/messages/seen-messages.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import type { SeenMessage } from '#resources/message.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

/** Lists the replies to a message, newest first. @throws ChatError 404 */
export async function listReplies(
  ctx: Context,
  caller: UserCaller,
  id: number,
  request: CursorRequest,
): Promise<CursorPage<SeenMessage>> {
  await mustSeeMessage(ctx, caller, id)
  const thread = { of: 'thread' as const, id } // does not exist before the first reply
  const page = await listMessagesOfMember(ctx.db, caller.userId, thread, { files: false }, request)
  return page ?? { items: [], size: request.size, hasPrevious: false }
}
