import type { Context } from '#context.ts'
import { lockUser, updateUserRow } from '#data/users/users.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeSelf } from '#domain/access/user.ts'
import { changedProperties, type PropertiesChange } from '#domain/merge-patch.ts'
import { getUser } from '#domain/users/get-user.ts'
import { mustExist } from '#errors.ts'
import type { PatchUser, User } from '#resources/user.ts'

export interface UserChange extends Omit<PatchUser, 'properties'> {
  properties?: PropertiesChange | undefined
}

/** Changes a user. @throws ChatError 404; AccessDeniedError for users who would change others */
export async function updateUser(
  ctx: Context,
  caller: Caller,
  id: number,
  { displayName, isGuest, presence, properties }: UserChange,
): Promise<User> {
  mustBeSelf(caller, id)
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const before = mustExist(await lockUser(tx, applicationId, id), 'user', id)
    const changed = changedProperties(before.properties, properties)
    const status = presence?.status
    await updateUserRow(tx, id, {
      ...(displayName !== undefined && { displayName }),
      ...(isGuest !== undefined && { isGuest }),
      ...(status !== undefined && { presenceStatus: status }),
      ...(changed && { properties: changed }),
    })
    const isOtherStatus = status !== undefined && status !== before.presenceStatus
    const payload = { userId: id, ...(isOtherStatus && { status: true }), ...causeOf(caller) }
    await tx.emit({ type: 'user.updated', applicationId, payload })
  })
  return getUser(ctx, caller, id)
}
