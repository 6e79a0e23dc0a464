import type { Context } from '#context.ts'
import { findBanOf } from '#data/users/bans.ts'
import { findUser } from '#data/users/users.ts'
import type { ApplicationCaller, Caller } from '#domain/access/caller.ts'
import { bannedError } from '#domain/users/bans/banned-error.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import { notFound } from '#errors.ts'
import type { SendKeystrokes } from '#resources/thread.ts'
import type { User, UserReference } from '#resources/user.ts'

/**
 * Returns who types: the calling user, or the one that a backend names.
 * @throws ChatError 404, access_denied if the one whom a backend names is banned
 */
export async function typist(
  ctx: Context,
  caller: Caller,
  input: SendKeystrokes | Pick<SendKeystrokes, 'keys'>,
): Promise<User> {
  if (caller.kind === 'application' && 'user' in input) return named(ctx, caller, input.user)
  const self = caller.kind === 'user' && (await findUser(ctx.db, caller.applicationId, caller.userId))
  if (!self) throw notFound('user', 'who types')
  return self
}

async function named(ctx: Context, caller: ApplicationCaller, reference: UserReference): Promise<User> {
  const user = await resolveUser(ctx, caller, reference)
  const ban = await findBanOf(ctx.db, caller.applicationId, { id: user.id })
  if (ban) throw bannedError(ban, caller.kind)
  return user
}
