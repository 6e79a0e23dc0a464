import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import type { SeenMessage } from '#resources/message.ts'

/** Returns a message that the caller sees. @throws ChatError 404 */
export function getMessage(ctx: Context, caller: Caller, id: number): Promise<SeenMessage> {
  return mustSeeMessage(ctx, caller, id)
}
