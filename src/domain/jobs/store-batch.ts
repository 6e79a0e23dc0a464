import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { lockJob, type RunningJob, saveProgress } from '#data/jobs/jobs.ts'
import { type Numbered, type Store, storeOnce } from '#domain/jobs/store-once.ts'
import { isConstraintError } from '#errors.ts'
import { type JobError, jobErrorsMax } from '#resources/job.ts'

/** Consecutive items of a file; those that are invalid are already among the errors. */
export interface ImportBatch<I> {
  items: Numbered<I>[]
  errors: JobError[]
}

/** Thrown if another process runs the job, so that this one must stop working on it. */
export class Superseded extends Error {}

/** Retries are for races, such as a user created between our check and our insert. */
const attemptsMax = 5

/**
 * Stores a batch of an import and the progress of the job in one commit, so that an item is only stored once.
 * @returns the job after the batch
 * @throws Superseded
 */
export async function storeBatch<I extends { idempotencyKey?: string | undefined }>(
  ctx: Context,
  job: RunningJob,
  given: ImportBatch<I>,
  store: Store<I>,
): Promise<RunningJob> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ctx.db.transact(async (tx) => {
        if (!(await lockJob(tx, job))) throw new Superseded()
        const errors = [...given.errors, ...(await storeOnce(tx, job, given.items, store))]
        return advance(tx, job, given, errors)
      })
    } catch (error) {
      if (attempt === attemptsMax || !isRace(error)) throw error
    }
  }
}

function isRace(error: unknown): boolean {
  return isConstraintError(error, 'unique') || isConstraintError(error, 'foreign_key')
}

async function advance(
  tx: Tx,
  job: RunningJob,
  given: ImportBatch<unknown>,
  errors: JobError[],
): Promise<RunningJob> {
  const reported = errors.sort((a, b) => a.index - b.index).slice(0, Math.max(0, jobErrorsMax - job.reported))
  const after = {
    ...job,
    processed: job.processed + given.items.length + given.errors.length,
    failed: job.failed + errors.length,
    reported: job.reported + reported.length,
  }
  await saveProgress(tx, job.id, { ...after, errors: reported })
  await tx.emit({ type: 'job.changed', applicationId: job.applicationId, payload: { jobId: job.id } })
  return after
}
