import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { lockJob, type RunningJob, saveProgress } from '#data/jobs/jobs.ts'
import { Superseded } from '#domain/jobs/store-batch.ts'

/** So many rows go in one commit: each message takes what hangs on it along. */
export const batchMax = 500

/** The job rests so much of the time that a batch took, and leaves the database to others. */
const restShare = 0.25

/** Removes a batch. @returns what it did, of what the job counts, and whether more of its kind may be left */
export type RemoveBatch = (tx: Tx) => Promise<{ counted: number; more: boolean }>

/**
 * Has one kind of rows removed to its end, batch by batch, each with the job's progress in its commit: cut off between
 * two, it goes on by beginning again, for what is gone is found no more.
 * @returns the job as it is then
 * @throws Superseded where another process runs the job; what the signal says
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
