import type { Context } from '#context.ts'
import type { Caller } from '#domain/access.ts'
import { mustHaveChannel } from '#domain/channels/get-channel.ts'
import { getThread } from '#domain/threads/get-thread.ts'
import { resolveUser } from '#domain/users/resolve-users.ts'
import type { Keystrokes, SendKeystrokes } from '#resources/thread.ts'

/** What a user is typing in a channel's main thread. @throws ChatError 404 */
export async function sendChannelKeystrokes(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: SendKeystrokes,
): Promise<Keystrokes> {
  await mustHaveChannel(ctx, caller, channelId)
  return typed(ctx, caller, input)
}

/** What a user is typing in a thread. @throws ChatError 404 */
export async function sendThreadKeystrokes(
  ctx: Context,
  caller: Caller,
  threadId: number,
  input: SendKeystrokes,
): Promise<Keystrokes> {
  await getThread(ctx, caller, threadId)
  return typed(ctx, caller, input)
}

/** Keystrokes are never stored: who is not there to see them has missed nothing. */
async function typed(ctx: Context, caller: Caller, { keys, user }: SendKeystrokes): Promise<Keystrokes> {
  const { name } = await resolveUser(ctx, caller, user)
  return { keys, username: name }
}
