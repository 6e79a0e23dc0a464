import type { Context } from '#context.ts'
import { findMessage } from '#data/messages.ts'
import type { ApplicationCaller } from '#domain/access.ts'
import { notFound } from '#errors.ts'
import type { Message } from '#resources/message.ts'

/** @throws ChatError 404 */
export async function getMessage(ctx: Context, caller: ApplicationCaller, id: number): Promise<Message> {
  const message = await findMessage(ctx.db, caller.applicationId, id)
  if (!message) throw notFound('message', id)
  return message
}
