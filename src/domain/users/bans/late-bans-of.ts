import type { Context } from '#context.ts'
import { lateBans } from '#data/users/bans.ts'
import { bannedError } from '#domain/users/bans/banned-error.ts'
import type { ChatError } from '#errors.ts'

/**
 * Returns users of these applications who were banned recently, to disconnect those who connected meanwhile.
 * @returns for each, the error that says why their sessions have ended
 */
export async function lateBansOf(
  ctx: Context,
  applicationIds: number[],
): Promise<{ userId: number; error: ChatError }[]> {
  const bans = await lateBans(ctx.db, applicationIds)
  return bans.map(({ userId, ban }) => ({ userId, error: bannedError(ban, 'user') }))
}
