import type { Context } from '#context.ts'
import { countContactRows, type UserMatch } from '#data/users/user-lists.ts'
import type { UserCaller } from '#domain/access/caller.ts'

export function countContacts(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  match: UserMatch,
): Promise<number> {
  return countContactRows(ctx.db, applicationId, userId, match)
}
