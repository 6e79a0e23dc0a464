import type { Context } from '#context.ts'
import { openChatsOf } from '#data/users/connections.ts'

/** Returns the channels in which a session has an active chat session. */
export function listOpenChats(ctx: Context, sessionId: number): Promise<number[]> {
  return openChatsOf(ctx.db, sessionId)
}
