import type { Context } from '#context.ts'
import { insertChatSession } from '#data/users/connections.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'

/** Makes the user a participant of the channel; the caller must have checked that they are a member. */
export async function startChatSession(
  ctx: Context,
  caller: UserCaller,
  sessionId: number,
  channelId: number,
): Promise<void> {
  const { applicationId, userId } = caller
  await ctx.db.transact(async (tx) => {
    const opened = await insertChatSession(tx, { sessionId, userId, channelId })
    if (opened === undefined) return
    const type =
      opened === 'first of the user' ? 'channel.participant.active' : 'channel.chat_session.started'
    await tx.emit({ type, applicationId, channelId, payload: { userId, ...causeOf(caller) } })
  })
}
