import type { Context } from '#context.ts'
import { saveReport } from '#data/messages/reports.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { mustStayUsers } from '#domain/access/user.ts'
import { getUser } from '#domain/users/get-user.ts'
import { unlessGone } from '#errors.ts'
import type { MessageReport, ReportMessage } from '#resources/message.ts'

/** Reports a message to its application; a second report replaces the first one's reason. @throws ChatError 404 */
export async function reportMessage(
  ctx: Context,
  caller: UserCaller,
  id: number,
  { reason, properties = {} }: ReportMessage,
): Promise<MessageReport> {
  const { applicationId, userId } = caller
  const { channelId } = await mustSeeMessage(ctx, caller, id)
  const user = await getUser(ctx, caller, userId)
  const report = await ctx.db
    .transact(async (tx) => {
      await mustStayUsers(tx, userId)
      const report = await saveReport(tx, id, userId, { reason, properties })
      await tx.emit({
        type: 'message.reported',
        applicationId,
        channelId,
        payload: { messageId: id, userId, report, ...causeOf(caller) },
      })
      return report
    })
    .catch(unlessGone('message', id))
  return { ...report, user }
}
