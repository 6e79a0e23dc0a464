import type { Context } from '#context.ts'
import { deleteMessageRows } from '#data/messages/messages.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'

/** Deletes every message of the application; hosted files are swept soon after. */
export async function deleteMessages(ctx: Context, caller: ApplicationCaller): Promise<void> {
  const { applicationId } = caller
  await ctx.db.transact(async (tx) => {
    const gone = await deleteMessageRows(tx, applicationId)
    const messages = gone.reduce((sum, { count }) => sum + count, 0)
    await noteAct(tx, caller, { action: 'messages.deleted', details: { messages } })
    await tx.emit(
      ...gone.map(({ channelId, threadId, count }) => ({
        type: threadId === null ? ('channel.message.deleted' as const) : ('thread.message.deleted' as const),
        applicationId,
        channelId,
        count: -count,
        ...(threadId !== null && { threadId }),
      })),
    )
  })
}
