// Who sees a message, and who may change it.
import type { Context } from '#context.ts'
import { findMessage } from '#data/messages/messages.ts'
import { findMessageOfMember, type MessageOfMember } from '#data/messages/seen-messages.ts'
import type { Caller, UserCaller } from '#domain/access/caller.ts'
import { ChatError, mustExist } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/**
 * Returns a message that the caller sees. Backends see all messages of their application. Users see those of the
 * channels they are members of, except those they cleared or deleted for themselves.
 * @throws ChatError 404
 */
export async function mustSeeMessage(ctx: Context, caller: Caller, id: number): Promise<SeenMessage> {
  if (caller.kind === 'user') return (await mustSeeAsMember(ctx, caller, id)).message
  return mustExist(await findMessage(ctx.db, caller.applicationId, id), 'message', id)
}

/** Returns a message that a user sees, and whether they are a moderator of its channel. @throws ChatError 404 */
export async function mustSeeAsMember(
  ctx: Context,
  { applicationId, userId }: UserCaller,
  id: number,
): Promise<MessageOfMember> {
  return mustExist(await findMessageOfMember(ctx.db, applicationId, userId, id), 'message', id)
}

/** Returns whether the user wrote the message. */
function isAuthor({ userId }: UserCaller, message: SeenMessage): boolean {
  return 'user' in message && message.user.id === userId
}

/**
 * Requires that the caller may change the message: backends may change all messages of their application, authors their
 * own, and moderators those of their channels (runtime contract 8.2).
 * @throws ChatError 404, AccessDeniedError
 */
export async function mustBeAllowedToChangeMessage(
  ctx: Context,
  caller: Caller,
  id: number,
): Promise<SeenMessage> {
  if (caller.kind === 'application') return mustSeeMessage(ctx, caller, id)
  const { message, moderator } = await mustSeeAsMember(ctx, caller, id)
  if (moderator || isAuthor(caller, message)) return message
  throw new ChatError('AccessDeniedError', `Only its author and moderators may do this to message ${id}`)
}

/** Requires the author, who alone may edit the text (runtime contract 8.2). @throws ChatError 404, AccessDeniedError */
export async function mustBeAuthor(ctx: Context, caller: UserCaller, id: number): Promise<SeenMessage> {
  const message = await mustSeeMessage(ctx, caller, id)
  if (isAuthor(caller, message)) return message
  throw new ChatError('AccessDeniedError', `Only its author may edit message ${id}`)
}
