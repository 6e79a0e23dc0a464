import type { Context } from '#context.ts'
import type { RunningJob } from '#data/jobs/jobs.ts'
import { removeLeftOvers, removeRecordsOfMessages } from '#data/removal/retention.ts'
import { batchMax, inBatches } from '#domain/removal/in-batches.ts'

/**
 * Removes what refers to deleted messages of an application, and returns the job after that: read spans, threads
 * without a root, deliveries and arguments of functions.
 */
export async function removeRemains(
  ctx: Context,
  begun: RunningJob,
  signal: AbortSignal,
): Promise<RunningJob> {
  const { applicationId } = begun
  let after: number | undefined = 0
  const job = await inBatches(ctx, begun, signal, async (tx) => {
    after = await removeLeftOvers(tx, { applicationId, after: after ?? 0, limit: batchMax })
    return { counted: 0, more: after !== undefined }
  })
  let position: Awaited<ReturnType<typeof removeRecordsOfMessages>> = { delivery: 0, invocation: 0 }
  return inBatches(ctx, job, signal, async (tx) => {
    const from = position ?? { delivery: 0, invocation: 0 }
    position = await removeRecordsOfMessages(tx, { applicationId, after: from, limit: batchMax })
    return { counted: 0, more: position !== undefined }
  })
}
