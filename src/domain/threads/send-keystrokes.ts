import type { Context } from '#context.ts'
import { findMainThread } from '#data/threads.ts'
import { findUser } from '#data/users.ts'
import { type ApplicationCaller, type Caller, mustBeMember, type UserCaller } from '#domain/access.ts'
import { mustHaveChannel } from '#domain/channels/get-channel.ts'
import { getThread } from '#domain/threads/get-thread.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import { notFound } from '#errors.ts'
import type { Keystrokes, SendKeystrokes, Thread } from '#resources/thread.ts'
import type { User } from '#resources/user.ts'

/** What all processes are told of somebody who types; it is never kept: who is not there has missed nothing. */
export interface Typed {
  applicationId: number
  channelId: number
  threadId: number
  isMain: boolean
  user: User
  keys: string
}

/** What a user is typing in a channel's main thread. @throws ChatError 404 */
export async function sendChannelKeystrokes(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  input: SendKeystrokes,
): Promise<Keystrokes> {
  await mustHaveChannel(ctx, caller, channelId)
  const [user, thread] = await Promise.all([
    resolveUser(ctx, caller, input.user),
    findMainThread(ctx.db, channelId),
  ])
  return tell(ctx, caller, thread, user, input.keys)
}

/** What a user is typing in a thread. @throws ChatError 404 */
export async function sendThreadKeystrokes(
  ctx: Context,
  caller: ApplicationCaller,
  threadId: number,
  input: SendKeystrokes,
): Promise<Keystrokes> {
  const thread = await getThread(ctx, caller, threadId)
  return tell(ctx, caller, thread, await resolveUser(ctx, caller, input.user), input.keys)
}

/** What the caller itself is typing in a channel's main thread. @throws ChatError where it is no member */
export async function typeInChannel(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  { keys }: Pick<SendKeystrokes, 'keys'>,
): Promise<void> {
  await mustBeMember(ctx, caller, channelId)
  const [user, thread] = await Promise.all([
    findUser(ctx.db, caller.applicationId, caller.userId),
    findMainThread(ctx.db, channelId),
  ])
  if (user) await tell(ctx, caller, thread, user, keys)
}

/** What the caller itself is typing in a thread. @throws ChatError where it is no member of its channel */
export async function typeInThread(
  ctx: Context,
  caller: UserCaller,
  threadId: number,
  { keys }: Pick<SendKeystrokes, 'keys'>,
): Promise<void> {
  const thread = await getThread(ctx, caller, threadId)
  await mustBeMember(ctx, caller, thread.channelId)
  const user = await findUser(ctx.db, caller.applicationId, caller.userId)
  if (user) await tell(ctx, caller, thread, user, keys)
}

async function tell(
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
