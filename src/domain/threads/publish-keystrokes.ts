import type { Context } from '#context.ts'
import type { Caller } from '#domain/access/caller.ts'
import type { Typist } from '#domain/threads/typists.ts'
import type { Keystrokes } from '#resources/thread.ts'

/** Publishes keystrokes of a user who was found to be allowed to type. */
export async function publishKeystrokes(
  ctx: Context,
  { applicationId }: Caller,
  { thread, user }: Typist,
  keys: string,
): Promise<Keystrokes> {
  const { id: threadId, channelId, type } = thread
  const keystrokes = { applicationId, channelId, threadId, isMain: type === 'MAIN', user, keys }
  await ctx.bus.publish({ kind: 'keystrokes sent', keystrokes })
  return { keys, username: user.name, threadId, userId: user.id }
}
