// The presence of a session in one channel (runtime contract 8.4).
import type { Context } from '#context.ts'
import { endChatSessionRow, insertChatSession } from '#data/connections.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'

/** The user is a participant of the channel from now on; only members may be, which the caller has made sure of. */
export async function startChatSession(
  ctx: Context,
  caller: UserCaller,
  sessionId: number,
  channelId: number,
): Promise<void> {
  const { applicationId, userId } = caller
  await ctx.db.transact(async (tx) => {
    const opened = await insertChatSession(tx, { sessionId, userId, channelId })
    if (opened === 'open before') return
    const type =
      opened === 'first of the user' ? 'channel.participant.active' : 'channel.chat_session.started'
    await tx.emit({ type, applicationId, channelId, payload: { userId, ...causeOf(caller) } })
  })
}

export async function endChatSession(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  sessionId: number,
  channelId: number,
): Promise<void> {
  await ctx.db.transact(async (tx) => {
    const ended = await endChatSessionRow(tx, { sessionId, userId, channelId })
    if (!ended?.isLast) return
    await tx.emit({ type: 'channel.participant.inactive', applicationId, channelId, payload: { userId } })
  })
}
