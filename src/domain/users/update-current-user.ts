import type { Context } from '#context.ts'
import { lockUser, updateUserRow } from '#data/users/users.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { getUser } from '#domain/users/get-user.ts'
import { mustExist } from '#errors.ts'
import type { UpdateCurrentUser, User } from '#resources/user.ts'

/**
 * Changes a user's own profile; clients send all properties, which replace the old ones (runtime contract 5.1).
 * @throws ChatError 404 if the user has been deleted
 */
export async function updateCurrentUser(
  ctx: Context,
  caller: UserCaller,
  { displayName, properties, presence }: UpdateCurrentUser,
): Promise<User> {
  const { applicationId, userId } = caller
  await ctx.db.transact(async (tx) => {
    const before = mustExist(await lockUser(tx, applicationId, userId), 'user', userId)
    const status = presence?.status
    await updateUserRow(tx, userId, {
      ...(displayName !== undefined && { displayName }),
      ...(status !== undefined && { presenceStatus: status }),
      ...(properties && { properties }),
    })
    const isOtherStatus = status !== undefined && status !== before.presenceStatus
    const payload = { userId, ...(isOtherStatus && { status: true }), ...causeOf(caller) }
    await tx.emit({ type: 'user.updated', applicationId, payload })
  })
  return getUser(ctx, caller, userId)
}
