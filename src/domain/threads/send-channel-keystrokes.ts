import type { Context } from '#context.ts'
import { findMainThread } from '#data/messages/threads.ts'
import type { ApplicationCaller, Caller, UserCaller } from '#domain/access/caller.ts'
import { mustBeMember, mustHaveChannel } from '#domain/access/channel.ts'
import { publishKeystrokes } from '#domain/threads/publish-keystrokes.ts'
import { typist } from '#domain/threads/typist.ts'
import type { Keystrokes, SendKeystrokes } from '#resources/thread.ts'

type Keys = Pick<SendKeystrokes, 'keys'>

/**
 * What somebody is typing in a channel's main thread: a member, or whom a backend names.
 * @throws ChatError 404, AccessDeniedError
 */
export function sendChannelKeystrokes(
  ctx: Context,
  caller: ApplicationCaller,
  channelId: number,
  input: SendKeystrokes,
): Promise<Keystrokes>
export function sendChannelKeystrokes(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
  input: Keys,
): Promise<Keystrokes>
export async function sendChannelKeystrokes(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: SendKeystrokes | Keys,
): Promise<Keystrokes> {
  if (caller.kind === 'user') await mustBeMember(ctx, caller, channelId)
  else await mustHaveChannel(ctx, caller, channelId)
  const [user, thread] = await Promise.all([typist(ctx, caller, input), findMainThread(ctx.db, channelId)])
  return publishKeystrokes(ctx, caller, thread, user, input.keys)
}
