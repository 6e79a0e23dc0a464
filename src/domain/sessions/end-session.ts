import type { Context } from '#context.ts'
import { endSessionRow } from '#data/users/connections.ts'

export interface OpenSession {
  id: number
  applicationId: number
  userId: number
  /** The process that holds it. */
  node: number
}

/** Ends a session: its user leaves the channels that no other session of it is in, and goes offline with the last. */
export async function endSession(ctx: Context, session: OpenSession): Promise<void> {
  const { applicationId, userId } = session
  await ctx.db.transact(async (tx) => {
    const ended = await endSessionRow(tx, session)
    if (!ended) return
    const payload = { userId }
    await tx.emit(
      ...ended.channelIds.map((channelId) => ({
        type: 'channel.participant.inactive' as const,
        applicationId,
        channelId,
        payload,
      })),
      ...(ended.isLast
        ? [{ type: 'user.presence.changed' as const, applicationId, payload: { userId, online: false } }]
        : []),
    )
  })
}
