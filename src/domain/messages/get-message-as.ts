import type { Context } from '#context.ts'
import { findMessageOfMember, type MessageOfMember } from '#data/seen-messages.ts'
import type { UserCaller } from '#domain/access.ts'
import { ChatError, notFound } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/** A message that a user sees. @throws ChatError 404 */
export async function getMessageAs(ctx: Context, caller: UserCaller, id: number): Promise<SeenMessage> {
  return (await mustSeeMessage(ctx, caller, id)).message
}

/**
 * A message that a user sees, and what it is there: users see those of the channels that they are members of, but for
 * those that they cleared or deleted for themselves.
 * @throws ChatError 404
 */
export async function mustSeeMessage(ctx: Context, caller: UserCaller, id: number): Promise<MessageOfMember> {
  const found = await findMessageOfMember(ctx.db, caller.applicationId, caller.userId, id)
  if (!found) throw notFound('message', id)
  return found
}

/** Whether a user wrote a message. */
export function isAuthor({ userId }: UserCaller, message: SeenMessage): boolean {
  return 'user' in message && message.user.id === userId
}

/**
 * Authors may change their messages, and moderators everybody's (runtime contract 8.2).
 * @throws ChatError 404, AccessDeniedError
 */
export async function mustBeAbleToChange(ctx: Context, caller: UserCaller, id: number): Promise<SeenMessage> {
  const { message, moderator } = await mustSeeMessage(ctx, caller, id)
  if (moderator || isAuthor(caller, message)) return message
  throw new ChatError('AccessDeniedError', `Only its author and moderators may do this to message ${id}`)
}
