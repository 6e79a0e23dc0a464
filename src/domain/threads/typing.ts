// What somebody types, as all processes are told of it; it is never kept: who is not there has missed nothing.
import type { Context } from '#context.ts'
import { findUser } from '#data/users.ts'
import type { Caller } from '#domain/access/caller.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { notFound } from '#errors.ts'
import type { Keystrokes, SendKeystrokes, Thread } from '#resources/thread.ts'
import type { User } from '#resources/user.ts'

export interface Typed {
  applicationId: number
  channelId: number
  threadId: number
  isMain: boolean
  user: User
  keys: string
}

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

/** Tells it. @throws ChatError 404 where there is no such thread */
export async function publishKeystrokes(
  ctx: Context,
  { applicationId }: Caller,
  thread: Thread | undefined,
  user: User,
  keys: string,
): Promise<Keystrokes> {
  if (!thread) throw notFound('channel', 'of these keystrokes')
  const { id: threadId, channelId, type } = thread
  const typed: Typed = { applicationId, channelId, threadId, isMain: type === 'MAIN', user, keys }
  await ctx.bus.publish(JSON.stringify({ kind: 'typed', typed }))
  return { keys, username: user.name, threadId, userId: user.id }
}
