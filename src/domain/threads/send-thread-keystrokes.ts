import type { Context } from '#context.ts'
import type { ApplicationCaller, Caller, UserCaller } from '#domain/access/caller.ts'
import { mustBeMember } from '#domain/access/channel.ts'
import { mustSeeThread } from '#domain/access/thread.ts'
import { publishKeystrokes } from '#domain/threads/publish-keystrokes.ts'
import { typist } from '#domain/threads/typist.ts'
import type { Typist } from '#domain/threads/typists.ts'
import type { Keystrokes, SendKeystrokes } from '#resources/thread.ts'

type Keys = Pick<SendKeystrokes, 'keys'>

/**
 * Publishes what a member of the channel, or a user named by a backend, is typing in a thread. A member's permission is
 * cached, as for channels.
 * @throws ChatError 404, AccessDeniedError
 */
export function sendThreadKeystrokes(
  ctx: Context,
  caller: ApplicationCaller,
  threadId: number,
  input: SendKeystrokes,
): Promise<Keystrokes>
export function sendThreadKeystrokes(
  ctx: Context,
  caller: UserCaller,
  threadId: number,
  input: Keys,
): Promise<Keystrokes>
export async function sendThreadKeystrokes(
  ctx: Context,
  caller: Caller,
  threadId: number,
  input: SendKeystrokes | Keys,
): Promise<Keystrokes> {
  const find = () => mustBeAllowedToType(ctx, caller, threadId, input)
  const found = caller.kind === 'user' ? ctx.typists.find(caller.userId, `thread ${threadId}`, find) : find()
  return publishKeystrokes(ctx, caller, await found, input.keys)
}

async function mustBeAllowedToType(
  ctx: Context,
  caller: Caller,
  threadId: number,
  input: SendKeystrokes | Keys,
): Promise<Typist> {
  const thread = await mustSeeThread(ctx, caller, threadId)
  if (caller.kind === 'user') await mustBeMember(ctx, caller, thread.channelId)
  return { thread, user: await typist(ctx, caller, input) }
}
