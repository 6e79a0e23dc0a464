import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access.ts'
import { removeMessage } from '#domain/messages/delete-message.ts'
import { mustBeAbleToChange } from '#domain/messages/get-message-as.ts'
import type { SeenMessage } from '#resources/message.ts'

/**
 * Deletes a message for everybody. @returns it as it was
 * @throws ChatError 404, AccessDeniedError for who is neither author nor moderator
 */
export async function deleteMessageAs(ctx: Context, caller: UserCaller, id: number): Promise<SeenMessage> {
  const message = await mustBeAbleToChange(ctx, caller, id)
  await removeMessage(ctx, caller, message)
  return message
}
