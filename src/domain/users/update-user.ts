import type { Context } from '#context.ts'
import { lockUser, updateUserRow } from '#data/users/users.ts'
import { type ApplicationCaller, causeOf } from '#domain/access/caller.ts'
import { changedProperties, merging } from '#domain/merge-patch.ts'
import { getUser } from '#domain/users/get-user.ts'
import { mustExist } from '#errors.ts'
import type { PatchUser, User } from '#resources/user.ts'

/** Applies a merge patch (RFC 7396). @throws ChatError 404 */
export async function updateUser(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  patch: PatchUser,
): Promise<User> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const before = mustExist(await lockUser(tx, applicationId, id), 'user', id)
    const patched = changedProperties(before.properties, merging(patch).properties)
    const status = patch.presence?.status
    await updateUserRow(tx, id, {
      ...(patch.displayName !== undefined && { displayName: patch.displayName }),
      ...(patch.isGuest !== undefined && { isGuest: patch.isGuest }),
      ...(status !== undefined && { presenceStatus: status }),
      ...(patched && { properties: patched }),
    })
    const isOtherStatus = status !== undefined && status !== before.presenceStatus
    const payload = { userId: id, ...(isOtherStatus && { status: true }), ...causeOf(caller) }
    await tx.emit({ type: 'user.updated', applicationId, payload })
  })
  return getUser(ctx, caller, id)
}
