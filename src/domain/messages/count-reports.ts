import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access.ts'
import { getMessageAs } from '#domain/messages/get-message-as.ts'

/** How many users have reported a message. @throws ChatError 404 */
export async function countReports(ctx: Context, caller: UserCaller, id: number): Promise<number> {
  return (await getMessageAs(ctx, caller, id)).reportCount ?? 0
}
