import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustBeThere } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** Who calls, which clients ask for whenever they come: a crowd of them in one round trip. @throws ChatError 404 */
export async function getOneself(ctx: Context, { applicationId, userId }: UserCaller): Promise<User> {
  return mustBeThere(await ctx.arrivals.user({ applicationId, userId }), 'user', userId)
}
