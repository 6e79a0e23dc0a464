import type { Context } from '#context.ts'
import { retireUser } from '#data/users.ts'
import type { Caller } from '#domain/access.ts'
import { notFound } from '#errors.ts'

/** Deletes a user: it leaves its channels, its name is free again, its messages stay. @throws ChatError 404 */
export async function deleteUser(ctx: Context, caller: Caller, id: number): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const left = await retireUser(tx, applicationId, id)
    if (!left) throw notFound('user', id)
    const payload = { userId: id }
    await tx.emit(
      { type: 'user.deleted', applicationId, count: -1, payload },
      ...left.map((channelId) => ({
        type: 'channel.member.left' as const,
        applicationId,
        channelId,
        count: -1,
        payload,
      })),
    )
  })
}
