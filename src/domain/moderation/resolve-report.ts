import type { Context } from '#context.ts'
import { noteActivity } from '#data/channels/activity.ts'
import { findReport, lockReported, resolveReports } from '#data/messages/administered.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { mustSeeMessage } from '#domain/access/message.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { discardFile } from '#domain/files/discard-file.ts'
import { removeMessage } from '#domain/messages/remove-message.ts'
import { ChatError, mustExist } from '#errors.ts'
import type { Report, Resolution } from '#resources/admin/moderation.ts'

/**
 * Resolves all open reports of a reported message. Deleting the message works like any deletion; if it is kept, further
 * reports of it are new ones.
 * @throws ChatError 404, ConflictError if the report is already resolved
 */
export async function resolveReport(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  action: Resolution,
): Promise<Report> {
  const { applicationId, operator } = caller
  const before = mustExist(await findReport(ctx.db, applicationId, id), 'report', id)
  const { messageId, state } = before
  const resolved = new ChatError('ConflictError', `report ${id} is resolved already`)
  if (state === 'resolved') throw resolved
  const message = await mustSeeMessage(ctx, caller, messageId)
  const fileKey = await ctx.db.transact(async (tx) => {
    // The channel is locked before the message, as for other deletions.
    if (action === 'delete') await noteActivity(tx, message.channelId, message.createdTime)
    if ((await lockReported(tx, applicationId, id)) === undefined) throw resolved
    const reports = await resolveReports(tx, messageId, action, operator?.name ?? 'the application')
    await noteAct(tx, caller, {
      action: 'report.resolved',
      target: { type: 'report', id },
      details: { action, messageId, reports },
    })
    return action === 'delete' ? (await removeMessage(tx, caller, message)).fileKey : null
  })
  if (fileKey) await discardFile(ctx, fileKey)
  return mustExist(await findReport(ctx.db, applicationId, id), 'report', id)
}
