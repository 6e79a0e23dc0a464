import type { Context } from '#context.ts'
import { lockUserProperties, updateUserRow } from '#data/users.ts'
import type { Caller } from '#domain/access.ts'
import { patchProperties } from '#domain/merge-patch.ts'
import { getUser } from '#domain/users/get-user.ts'
import { notFound } from '#errors.ts'
import type { PatchUser, User } from '#resources/user.ts'

/** Applies a merge patch (RFC 7396). @throws ChatError 404 */
export async function updateUser(ctx: Context, caller: Caller, id: number, patch: PatchUser): Promise<User> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const properties = await lockUserProperties(tx, applicationId, id)
    if (!properties) throw notFound('user', id)
    const patched = patchProperties(properties, patch.properties)
    await updateUserRow(tx, id, {
      ...(patch.displayName !== undefined && { displayName: patch.displayName }),
      ...(patch.isGuest !== undefined && { isGuest: patch.isGuest }),
      ...(patch.presence?.status !== undefined && { presenceStatus: patch.presence.status }),
      ...(patched && { properties: patched }),
    })
    await tx.emit({ type: 'user.updated', applicationId, payload: { userId: id } })
  })
  return getUser(ctx, caller, id)
}
