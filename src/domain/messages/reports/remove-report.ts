import type { Context } from '#context.ts'
import { deleteReport } from '#data/messages/reports.ts'
import { causeOf, type UserCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { getUser } from '#domain/users/get-user.ts'
import { mustExist } from '#errors.ts'
import type { MessageReport } from '#resources/message.ts'

/** Withdraws one's report of a message. @returns the report @throws ChatError 404 also if there is none */
export async function removeReport(ctx: Context, caller: UserCaller, id: number): Promise<MessageReport> {
  const { applicationId, userId } = caller
  const { channelId } = await mustSeeMessage(ctx, caller, id)
  const user = await getUser(ctx, caller, userId)
  const report = await ctx.db.transact(async (tx) => {
    const report = mustExist(await deleteReport(tx, id, userId), 'report of message', id)
    await tx.emit({
      type: 'message.report_removed',
      applicationId,
      channelId,
      payload: { messageId: id, userId, report, ...causeOf(caller) },
    })
    return report
  })
  return { ...report, user }
}
