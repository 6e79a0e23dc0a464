import type { Context } from '#context.ts'
import { hideMessageRow } from '#data/messages/seen-messages.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { unlessGone } from '#errors.ts'
import type { SeenMessage } from '#resources/message.ts'

/** Deletes any message for the user alone. @returns the message as it was @throws ChatError 404 */
export async function deleteMessageForMe(ctx: Context, caller: UserCaller, id: number): Promise<SeenMessage> {
  const { applicationId, userId } = caller
  const message = await mustSeeMessage(ctx, caller, id)
  await ctx.db
    .transact(async (tx) => {
      if (!(await hideMessageRow(tx, id, userId))) return // another device of the user has already done it
      await tx.emit({
        type: 'message.hidden',
        applicationId,
        channelId: message.channelId,
        payload: { messageId: id, userId, ...causeOf(caller) },
      })
    })
    .catch(unlessGone('message', id))
  return message
}
