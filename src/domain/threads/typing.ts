// What somebody types, as all processes hear of it.
import type { Context } from '#context.ts'
import { findUser } from '#data/users/users.ts'
import type { Caller } from '#domain/access/caller.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { notFound } from '#errors.ts'
import type { Keystrokes, SendKeystrokes, Thread } from '#resources/thread.ts'
import type { User } from '#resources/user.ts'

/** Who types: users themselves, or whom a backend names. @throws ChatError 404 */
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

/** Broadcasts what somebody types. @throws ChatError 404 where there is no such thread */
export async function publishKeystrokes(
  ctx: Context,
  { applicationId }: Caller,
  thread: Thread | undefined,
  user: User,
  keys: string,
): Promise<Keystrokes> {
  if (!thread) throw notFound('channel', 'of these keystrokes')
  const { id: threadId, channelId, type } = thread
  const keystrokes = { applicationId, channelId, threadId, isMain: type === 'MAIN', user, keys }
  await ctx.bus.publish({ kind: 'keystrokes sent', keystrokes })
  return { keys, username: user.name, threadId, userId: user.id }
}
