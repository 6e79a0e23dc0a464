import type { Context } from '#context.ts'
import { wasConnected } from '#data/users/connections.ts'
import { findUser } from '#data/users/users.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { ChatError } from '#errors.ts'

/** What comes by grant belongs to no session: what it leads to is delivered to all of the user's devices alike. */
const session = 'grant'

/**
 * The user that a grant speaks for (runtime contract 6.4), who may do with it what that user may, and no more.
 * @throws ChatError 403 for a grant that is forged, of another access, of a deleted user, or whose hours are over
 * while its user is not connected any more
 */
export async function checkGrant(ctx: Context, access: 'read' | 'write', text: string): Promise<UserCaller> {
  const granted = await ctx.grants.check(text, access, ({ userId }, given) =>
    wasConnected(ctx.db, userId, given),
  )
  if (!granted || !(await findUser(ctx.db, granted.applicationId, granted.userId))) {
    throw new ChatError('access_denied', 'The grant is unknown or expired')
  }
  const { applicationId, userId } = granted
  return { kind: 'user', applicationId, userId, session }
}
