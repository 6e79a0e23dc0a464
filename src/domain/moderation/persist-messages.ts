import type { Context } from '#context.ts'
import { setChannelPersisted } from '#data/channels/persistence.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { inspectChannel } from '#domain/moderation/inspect-channel.ts'
import { notFound } from '#errors.ts'
import type { AdminChannel } from '#resources/admin/moderation.ts'

/** Sets whether a channel stores its messages or only delivers them; stored ones stay. @throws ChatError 404 */
export async function persistMessages(
  ctx: Context,
  caller: ApplicationCaller,
  id: number,
  messagesPersisted: boolean,
): Promise<AdminChannel> {
  await ctx.db.transact(async (tx) => {
    const isThere = await setChannelPersisted(tx, caller.applicationId, id, messagesPersisted)
    if (!isThere) throw notFound('channel', id)
    await noteAct(tx, caller, {
      action: 'channel.updated',
      target: { type: 'channel', id },
      details: { messagesPersisted },
    })
  })
  return inspectChannel(ctx, caller, id)
}
