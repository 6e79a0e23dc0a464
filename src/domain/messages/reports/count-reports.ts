import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'

/** Returns how many users have reported a message. @throws ChatError 404 */
export async function countReports(ctx: Context, caller: UserCaller, id: number): Promise<number> {
  return (await mustSeeMessage(ctx, caller, id)).reportCount ?? 0
}
