import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { lockJob, type RunningJob, saveProgress } from '#data/jobs/jobs.ts'
import { Superseded } from '#domain/jobs/store-batch.ts'

/** How many rows one commit removes; each message takes its dependent rows along. */
export const batchMax = 500

/** After each batch, the job pauses for this share of the batch's duration, to leave the database to others. */
const restShare = 0.25

/** Removes a batch. @returns how many items that the job counts, and whether more rows of this kind may be left */
export type RemoveBatch = (tx: Tx) => Promise<{ counted: number; more: boolean }>

/**
 * Removes all rows of one kind in batches, each with the job's progress in the same commit. If interrupted, it can
 * simply start over, because removed rows are no longer found.
 * @returns the job after that
 * @throws Superseded if another process runs the job; the signal's reason if aborted
 */
export async function inBatches(
  ctx: Context,
  begun: RunningJob,
  signal: AbortSignal,
  remove: RemoveBatch,
): Promise<RunningJob> {
  let job = begun
  for (let more = true; more; ) {
    signal.throwIfAborted()
    const began = performance.now()
    const done = await ctx.db.transact(async (tx) => {
      if (!(await lockJob(tx, job))) throw new Superseded()
      const batch = await remove(tx)
      if (batch.counted > 0) {
        const { applicationId, id, failed } = job
        await saveProgress(tx, id, { processed: job.processed + batch.counted, failed, errors: [] })
        await tx.emit({ type: 'job.changed', applicationId, payload: { jobId: id } })
      }
      return batch
    })
    job = { ...job, processed: job.processed + done.counted }
    more = done.more
    if (more) await sleep((performance.now() - began) * restShare, undefined, { signal })
  }
  return job
}
