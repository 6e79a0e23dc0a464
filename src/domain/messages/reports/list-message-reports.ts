import type { Context } from '#context.ts'
import { listReports } from '#data/messages/reports.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeAsMember } from '#domain/access/message.ts'
import { ChatError } from '#errors.ts'
import type { MessageReport } from '#resources/message.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists who reported a message and why, for moderators. @throws ChatError 404, AccessDeniedError for others */
export async function listMessageReports(
  ctx: Context,
  caller: UserCaller,
  id: number,
  page: PageRequest,
): Promise<Page<MessageReport>> {
  const { moderator } = await mustSeeAsMember(ctx, caller, id)
  if (!moderator) throw new ChatError('AccessDeniedError', 'Only moderators may read reports')
  return listReports(ctx.db, id, page)
}
