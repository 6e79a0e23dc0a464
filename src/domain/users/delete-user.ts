import type { Context } from '#context.ts'
import { retireUser } from '#data/users/users.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeOneself } from '#domain/access/user.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { getUser } from '#domain/users/get-user.ts'
import { notFound } from '#errors.ts'
import type { User } from '#resources/user.ts'

/**
 * Deletes a user: it leaves its channels, its sessions end, its name is free again, its messages stay. Users may
 * delete only themselves (runtime contract 11, 5).
 * @returns the user as it was
 * @throws ChatError 404, AccessDeniedError
 */
export async function deleteUser(ctx: Context, caller: Caller, id: number): Promise<User> {
  mustBeOneself(caller, id)
  const { applicationId } = caller
  const user = await getUser(ctx, caller, id)
  await ctx.db.transact(async (tx) => {
    const left = await retireUser(tx, applicationId, id)
    if (!left) throw notFound('user', id)
    await noteAct(tx, caller, { action: 'user.deleted', target: { type: 'user', id } })
    const payload = { userId: id, ...causeOf(caller) }
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
  return user
}
