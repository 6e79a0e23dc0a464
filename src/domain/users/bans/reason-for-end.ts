import type { Context } from '#context.ts'
import { findBan } from '#data/users/bans.ts'
import { bannedError } from '#domain/users/bans/banned-error.ts'
import { ChatError } from '#errors.ts'

/** Returns the error that says why a user's sessions have ended. */
export async function reasonForEnd(ctx: Context, userId: number): Promise<ChatError> {
  const ban = await findBan(ctx.db, userId)
  return ban ? bannedError(ban, 'user') : new ChatError('AccessDeniedError', 'The user was deleted')
}
