import type { Context } from '#context.ts'
import { deleteChannelRow } from '#data/channels/channel-changes.ts'
import { firstMemberIds } from '#data/channels/memberships.ts'
import { insertJob, setJobTotal } from '#data/jobs/jobs.ts'
import { closeChannel, isLargeChannel, removeDeliveriesAndRuns } from '#data/removal/channel-rows.ts'
import { type Caller, causeOf } from '#domain/access/caller.ts'
import { mustBeAllowedToChangeChannel } from '#domain/access/channel.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { getChannel } from '#domain/channels/get-channel.ts'
import { batchMax } from '#domain/removal/in-batches.ts'
import { notFound } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'

/** The event of a deletion names at most this many members; others find out when they request the channel. */
const namedMembersMax = 1_000

/**
 * Deletes a channel and everything in it; hosted files are swept soon after. The contents of a large channel become
 * inaccessible at once, and a job removes them in batches. Among users, moderators may do so, and the members of a
 * direct channel (runtime contract 8.2).
 * @returns the channel as it was
 * @throws ChatError 404, AccessDeniedError
 */
export async function deleteChannel(ctx: Context, caller: Caller, id: number): Promise<SeenChannel> {
  const { applicationId } = caller
  if (caller.kind === 'user') await mustBeAllowedToChangeChannel(ctx, caller, id)
  const channel = await getChannel(ctx, caller, id)
  const isLarge = await isLargeChannel(ctx.db, applicationId, id, batchMax)
  if (isLarge) await ctx.queue.ready()
  await ctx.db.transact(async (tx) => {
    const memberIds = await firstMemberIds(tx, id, namedMembersMax)
    const gone = await (isLarge ? closeChannel : deleteChannelRow)(tx, applicationId, id)
    if (!gone) throw notFound('channel', id)
    const { messages } = gone
    if (isLarge) {
      const { id: jobId } = await insertJob(tx, applicationId, 'CHANNEL_DELETION', { channelId: id })
      await setJobTotal(tx, jobId, messages)
    } else {
      await removeDeliveriesAndRuns(tx, id)
    }
    await noteAct(tx, caller, {
      action: 'channel.deleted',
      target: { type: 'channel', id },
      details: { messages },
    })
    const { standing: _standing, ...shown } = channel
    const payload = { channel: shown, memberIds, ...causeOf(caller) }
    await tx.emit(
      { type: 'channel.deleted', applicationId, channelId: id, count: -1, payload },
      { type: 'channel.message.deleted', applicationId, channelId: id, count: -messages },
      { type: 'channel.member.left', applicationId, channelId: id, count: -gone.members },
    )
    if (channel.type === 'PUBLIC') {
      await tx.emit({ type: 'channel.public.deleted', applicationId, channelId: id, count: -1 })
    }
  })
  return channel
}
