import type { Context } from '#context.ts'
import type { RunningJob } from '#data/jobs/jobs.ts'
import {
  deleteRemovedChannel,
  emptyInvocationsOfChannel,
  kindsInChannels,
  removeKindOf,
  removeMessagesOf,
} from '#data/removal/channel-rows.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import { batchMax, inBatches } from '#domain/removal/in-batches.ts'

/**
 * Removes the contents of a closed channel, and then the channel; ends the job. The counters were reduced when it was
 * closed; messages that concurrent sends added after that are subtracted now.
 */
export async function emptyChannel(ctx: Context, begun: RunningJob, signal: AbortSignal): Promise<void> {
  const { applicationId, channelId = 0 } = begun
  let job = await inBatches(ctx, begun, signal, async (tx) => {
    const { gone, counted } = await removeMessagesOf(tx, channelId, batchMax)
    return { counted, more: gone === batchMax }
  })
  for (let kind = 0; kind < kindsInChannels; kind += 1) {
    job = await inBatches(ctx, job, signal, async (tx) => {
      const gone = await removeKindOf(tx, kind, channelId, batchMax)
      return { counted: 0, more: gone >= batchMax }
    })
  }
  let after: number | undefined = 0
  job = await inBatches(ctx, job, signal, async (tx) => {
    const place = { applicationId, channelId, after: after ?? 0, limit: batchMax }
    after = await emptyInvocationsOfChannel(tx, place)
    return { counted: 0, more: after !== undefined }
  })
  const late = job.processed - (job.total ?? job.processed)
  await inBatches(ctx, job, signal, async (tx) => {
    const { counted } = await removeMessagesOf(tx, channelId, batchMax)
    await deleteRemovedChannel(tx, channelId)
    if (late + counted > 0) {
      await tx.emit({ type: 'channel.message.deleted', applicationId, channelId, count: -(late + counted) })
    }
    return { counted, more: false }
  })
  await endJob(ctx, job, { state: 'FINISHED' })
}
