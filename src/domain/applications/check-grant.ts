import type { Context } from '#context.ts'
import { findBan } from '#data/users/bans.ts'
import { wasConnected } from '#data/users/connections.ts'
import { findUser } from '#data/users/users.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import { bannedError } from '#domain/users/bans/banned-error.ts'
import { ChatError } from '#errors.ts'

/** Requests by grant have no session, so the resulting events are delivered to all devices of the user alike. */
const session = 'grant'

/**
 * Returns the user that a grant identifies (runtime contract 6.4); with it, the caller may do what that user may.
 * @throws ChatError 403 for a grant that is forged, is for another access, belongs to a deleted user, or has expired
 * while its user is no longer connected; also if the user is banned
 */
export async function checkGrant(ctx: Context, access: 'read' | 'write', text: string): Promise<UserCaller> {
  const granted = await ctx.grants.check(text, access, ({ userId }, given) =>
    wasConnected(ctx.db, userId, given),
  )
  if (!granted || !(await findUser(ctx.db, granted.applicationId, granted.userId))) {
    throw new ChatError('access_denied', 'The grant is unknown or expired')
  }
  const { applicationId, userId } = granted
  const ban = await findBan(ctx.db, userId)
  if (ban) throw bannedError(ban, 'application') // as the Platform API words it
  return { kind: 'user', applicationId, userId, session }
}
