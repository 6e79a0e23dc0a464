import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import { notFound } from '#errors.ts'
import type { Keystrokes, Thread } from '#resources/thread.ts'
import type { User } from '#resources/user.ts'

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
