import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { startChatSession } from '#domain/sessions/start-chat-session.ts'

/** Starts a chat session, for a client that subscribes to a channel. @throws ChatError 404, AccessDeniedError */
export async function enterChannel(
  ctx: Context,
  caller: UserCaller,
  sessionId: number,
  channelId: number,
): Promise<void> {
  await mustBeMember(ctx, caller, channelId)
  await startChatSession(ctx, caller, sessionId, channelId)
}
