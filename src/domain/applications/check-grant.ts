import type { Context } from '#context.ts'
import { findUser } from '#data/users.ts'
import type { UserCaller } from '#domain/access.ts'
import { ChatError } from '#errors.ts'

/** Uploads belong to no session: what they lead to is told to all of the user's devices alike. */
const session = 'upload'

/**
 * Who a grant to write lets send files (runtime contract 6.4).
 * @throws ChatError 401 without a grant, 403 for one that is forged, expired, to read, or of a deleted user
 */
export async function checkGrant(ctx: Context, grant: string | undefined): Promise<UserCaller> {
  if (!grant) throw new ChatError('unauthorized', 'Send the grant to write files as the header Grant')
  const granted = await ctx.grants.check(grant, 'write')
  if (!granted || !(await findUser(ctx.db, granted.applicationId, granted.userId))) {
    throw new ChatError('access_denied', 'The grant is unknown or expired')
  }
  const { applicationId, userId } = granted
  return { kind: 'user', applicationId, userId, session }
}
