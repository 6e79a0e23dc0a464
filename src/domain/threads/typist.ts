import type { Context } from '#context.ts'
import { findUser } from '#data/users/users.ts'
import type { Caller } from '#domain/access/caller.ts'
import { resolveUser } from '#domain/users/resolve-user.ts'
import { notFound } from '#errors.ts'
import type { SendKeystrokes } from '#resources/thread.ts'
import type { User } from '#resources/user.ts'

/** Returns who types: the calling user, or the one that a backend names. @throws ChatError 404 */
export async function typist(
  ctx: Context,
  caller: Caller,
  input: SendKeystrokes | Pick<SendKeystrokes, 'keys'>,
): Promise<User> {
  if (caller.kind === 'application' && 'user' in input) return resolveUser(ctx, caller, input.user)
  const self = caller.kind === 'user' && (await findUser(ctx.db, caller.applicationId, caller.userId))
  if (!self) throw notFound('user', 'who types')
  return self
}
