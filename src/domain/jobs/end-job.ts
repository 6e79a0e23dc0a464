import type { Context } from '#context.ts'
import { expireFile, keepFile } from '#data/files.ts'
import { type JobResult, markJobEnded, type RunningJob } from '#data/jobs/jobs.ts'
import { askForDeliveries } from '#data/webhooks/deliveries.ts'

/**
 * Ends a job; the file that it read expires, and the file that it wrote is kept. If another process that ran the job
 * has already ended it, nothing changes: the file that this one wrote expires, because nothing refers to it.
 */
export async function endJob(
  ctx: Context,
  { id, applicationId, type, fileKey }: Pick<RunningJob, 'id' | 'applicationId' | 'type' | 'fileKey'>,
  outcome: JobResult,
): Promise<void> {
  const hasEnded = await ctx.db.transact(async (tx) => {
    if (!(await markJobEnded(tx, id, outcome))) return false
    if (outcome.fileKey !== undefined) await keepFile(tx, outcome.fileKey)
    await askForDeliveries(tx, applicationId, 'job.ended', { id, type, state: outcome.state })
    if (fileKey !== undefined) await expireFile(tx, fileKey)
    await tx.emit({ type: 'job.changed', applicationId, payload: { jobId: id } })
    return true
  })
  if (hasEnded) ctx.metrics.jobsEnded.add(1, type, outcome.state)
}
