import type { Context } from '#context.ts'
import type { RunningJob } from '#data/jobs/jobs.ts'
import { removeWithdrawnThrough } from '#data/removal/withdrawal.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import { batchMax, inBatches } from '#domain/removal/in-batches.ts'
import { removeRemains } from '#domain/removal/remove-remains.ts'

/** Removes the withdrawn messages of an application up to an id, and what is left of them; ends the job. */
export async function clearMessages(ctx: Context, begun: RunningJob, signal: AbortSignal): Promise<void> {
  const { applicationId, throughId = 0 } = begun
  let job = await inBatches(ctx, begun, signal, async (tx) => {
    const counted = await removeWithdrawnThrough(tx, applicationId, throughId, batchMax)
    // Other jobs may have removed part of a batch: only an empty batch is the last.
    return { counted, more: counted > 0 }
  })
  job = await removeRemains(ctx, job, signal)
  await endJob(ctx, job, { state: 'FINISHED' })
}
