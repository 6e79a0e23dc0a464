import type { Context } from '#context.ts'
import { endChatSessionRow } from '#data/users/connections.ts'
import type { UserCaller } from '#domain/access/caller.ts'

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
