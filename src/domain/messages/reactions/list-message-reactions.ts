import type { Context } from '#context.ts'
import { listReactions } from '#data/messages/reactions.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import type { Reaction } from '#resources/message.ts'
import type { Page, PageRequest } from '#resources/page.ts'

/** Lists the reactions to a message, oldest first. @throws ChatError 404 */
export async function listMessageReactions(
  ctx: Context,
  caller: UserCaller,
  id: number,
  page: PageRequest,
): Promise<Page<Reaction>> {
  await mustSeeMessage(ctx, caller, id)
  return listReactions(ctx.db, id, page)
}
