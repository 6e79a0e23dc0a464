import type { Context } from '#context.ts'
import { deleteBlock } from '#data/users/user-blocks.ts'
import { usersById } from '#data/users/users.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** Removes one of the caller's blocks by its record. @returns the unblocked user @throws ChatError 404 */
export async function unblockUser(ctx: Context, caller: UserCaller, recordId: number): Promise<User> {
  const { applicationId, userId } = caller
  const id = await ctx.db.transact(async (tx) => {
    const blockedId = await deleteBlock(tx, userId, recordId)
    if (blockedId === undefined) return undefined
    const payload = { userId: blockedId, recordId, ...causeOf(caller) }
    await tx.emit({ type: 'user.unblocked', applicationId, payload })
    return blockedId
  })
  const user = id === undefined ? undefined : (await usersById(ctx.db, [id])).get(id)
  if (!user) throw notFound('user_blocked_record', recordId)
  return user
}
