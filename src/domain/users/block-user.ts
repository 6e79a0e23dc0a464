import type { Context } from '#context.ts'
import { insertBlock } from '#data/users/user-blocks.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustStayUsers } from '#domain/access/user.ts'
import { getUser } from '#domain/users/get-user.ts'
import { ChatError } from '#errors.ts'
import type { User } from '#resources/user.ts'

/**
 * Blocks a user, if not already blocked: the caller receives nothing of them any more (runtime contract 8.2).
 * @returns the blocked user
 * @throws ChatError 404, ValidationError for oneself
 */
export async function blockUser(ctx: Context, caller: UserCaller, id: number): Promise<User> {
  const { applicationId, userId } = caller
  if (id === userId) throw new ChatError('ValidationError', 'Users cannot block themselves')
  const user = await getUser(ctx, caller, id)
  await ctx.db.transact(async (tx) => {
    await mustStayUsers(tx, userId, id)
    const record = await insertBlock(tx, userId, id)
    if (!record) return
    const payload = {
      userId: id,
      recordId: record.id,
      createdTime: record.createdTime,
      ...causeOf(caller),
    }
    await tx.emit({ type: 'user.blocked', applicationId, payload })
  })
  return user
}
