import type { Context } from '#context.ts'
import type { RunningJob } from '#data/jobs/jobs.ts'
import { removeTrace, tracesOfUsers } from '#data/removal/traces.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import { batchMax, inBatches } from '#domain/removal/in-batches.ts'

/** Removes what a deleted user left on messages of others; ends the job. */
export async function removeTraces(ctx: Context, begun: RunningJob, signal: AbortSignal): Promise<void> {
  let job = begun
  for (const trace of tracesOfUsers) {
    job = await inBatches(ctx, job, signal, async (tx) => {
      const counted = await removeTrace(tx, trace, begun.userId ?? 0, batchMax)
      return { counted, more: counted === batchMax }
    })
  }
  await endJob(ctx, job, { state: 'FINISHED' })
}
