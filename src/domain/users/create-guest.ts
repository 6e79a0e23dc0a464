import type { Context } from '#context.ts'
import { findUserByName, insertUser } from '#data/users/users.ts'
import { isConstraintError } from '#errors.ts'
import type { User } from '#resources/user.ts'

/**
 * Creates a guest with this name, for whom nobody has to vouch; returns the existing user if there is one.
 * @returns undefined only if that user was deleted meanwhile
 */
export async function createGuest(
  ctx: Context,
  applicationId: number,
  name: string,
): Promise<User | undefined> {
  const guest = { name, displayName: name, isGuest: true, properties: {} }
  try {
    return await ctx.db.transact(async (tx) => {
      const user = await insertUser(tx, applicationId, guest)
      await tx.emit({ type: 'user.created', applicationId, count: 1, payload: { userId: user.id } })
      return user
    })
  } catch (error) {
    if (!isConstraintError(error, 'unique')) throw error
    return findUserByName(ctx.db, applicationId, name) // somebody else created the user first
  }
}
