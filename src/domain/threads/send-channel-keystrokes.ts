import type { Context } from '#context.ts'
import { findMainThread } from '#data/messages/threads.ts'
import type { ApplicationCaller, Caller, UserCaller } from '#domain/access/caller.ts'
import { mustBeMember, mustHaveChannel } from '#domain/access/channel.ts'
import { publishKeystrokes } from '#domain/threads/publish-keystrokes.ts'
import { typist } from '#domain/threads/typist.ts'
import type { Typist } from '#domain/threads/typists.ts'
import { notFound } from '#errors.ts'
import type { Keystrokes, SendKeystrokes } from '#resources/thread.ts'

type Keys = Pick<SendKeystrokes, 'keys'>

/**
 * Publishes what a member, or a user named by a backend, is typing in a channel's main thread. A member's permission is
 * cached, so that their next keystroke needs no query.
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
  const find = () => mustBeAllowedToType(ctx, caller, channelId, input)
  const found =
    caller.kind === 'user' ? ctx.typists.find(caller.userId, `channel ${channelId}`, find) : find()
  return publishKeystrokes(ctx, caller, await found, input.keys)
}

async function mustBeAllowedToType(
  ctx: Context,
  caller: Caller,
  channelId: number,
  input: SendKeystrokes | Keys,
): Promise<Typist> {
  if (caller.kind === 'user') await mustBeMember(ctx, caller, channelId)
  else await mustHaveChannel(ctx, caller, channelId)
  const [user, thread] = await Promise.all([typist(ctx, caller, input), findMainThread(ctx.db, channelId)])
  if (!thread) throw notFound('channel', channelId)
  return { user, thread }
}
