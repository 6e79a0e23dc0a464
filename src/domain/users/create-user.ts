import type { Context } from '#context.ts'
import { insertUser } from '#data/users/users.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { isConstraintError, refused } from '#errors.ts'
import type { CreateUser, User } from '#resources/user.ts'

/** @throws ChatError 400 already_exists if the name is taken (contract h10) */
export async function createUser(ctx: Context, caller: ApplicationCaller, input: CreateUser): Promise<User> {
  const { applicationId } = caller
  try {
    return await ctx.db.transact(async (tx) => {
      const user = await insertUser(tx, applicationId, { ...input, properties: input.properties ?? {} })
      await tx.emit({ type: 'user.created', applicationId, count: 1, payload: { userId: user.id } })
      return user
    })
  } catch (error) {
    if (!isConstraintError(error, 'unique')) throw error
    throw refused('user', 'name', 'already_exists', `A user named ${input.name} exists already`)
  }
}
