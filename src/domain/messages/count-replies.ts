import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'

/** Returns the number of replies to a message. @throws ChatError 404 */
export async function countReplies(ctx: Context, caller: UserCaller, id: number): Promise<number> {
  return (await mustSeeMessage(ctx, caller, id)).repliesCount ?? 0
}
