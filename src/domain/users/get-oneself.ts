import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { mustExist } from '#errors.ts'
import type { User } from '#resources/user.ts'

/** Returns the calling user. Clients ask for it whenever they connect, and share round trips. @throws ChatError 404 */
export async function getOneself(ctx: Context, { applicationId, userId }: UserCaller): Promise<User> {
  return mustExist(await ctx.arrivals.user({ applicationId, userId }), 'user', userId)
}
