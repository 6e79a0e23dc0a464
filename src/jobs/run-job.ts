import type { Context } from '#context.ts'
import { beginJob, type RunningJob } from '#domain/jobs/begin-job.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import { Superseded } from '#domain/jobs/store-batch.ts'
import { erasePerson } from '#domain/persons/erase-person.ts'
import { exportPerson } from '#domain/persons/export-person.ts'
import { clearMessages } from '#domain/removal/clear-messages.ts'
import { emptyChannel } from '#domain/removal/empty-channel.ts'
import { removeTraces } from '#domain/removal/remove-traces.ts'
import { runRetention } from '#domain/retention/run-retention.ts'
import { isGone } from '#errors.ts'
import { runExport } from '#jobs/export.ts'
import { MissingFile, runImport } from '#jobs/import.ts'
import type { JobType } from '#resources/job.ts'

type Work = (ctx: Context, job: RunningJob, signal: AbortSignal) => Promise<void>

const works: Record<JobType, Work> = {
  USER_IMPORT: runImport,
  CHANNEL_IMPORT: runImport,
  CHANNEL_MEMBERS_IMPORT: runImport,
  MESSAGE_IMPORT: runImport,
  MESSAGE_ANALYTICS_EXPORT: runExport,
  USER_ANALYTICS_EXPORT: runExport,
  CHANNEL_DELETION: emptyChannel,
  USER_DELETION: removeTraces,
  PERSON_EXPORT: exportPerson,
  PERSON_ERASURE: erasePerson,
  RETENTION: runRetention,
  MESSAGES_DELETION: clearMessages,
}

/**
 * Runs a job from its current position to its end, or until the signal.
 * @param isLast whether an error ends the job as failed instead of being thrown
 */
export async function runJob(
  ctx: Context,
  id: number,
  { signal, isLast }: { signal: AbortSignal; isLast: boolean },
): Promise<void> {
  const job = await beginJob(ctx, id)
  if (!job) return
  const log = { jobId: id, applicationId: job.applicationId, type: job.type }
  ctx.log.info(log, 'job started')
  try {
    await works[job.type](ctx, job, signal)
    ctx.log.info(log, 'job ended')
  } catch (error) {
    if (!isLast || signal.aborted || error instanceof Superseded) throw error
    ctx.log[isGone(error) ? 'info' : 'error']({ ...log, err: error }, 'job failed')
    await endJob(ctx, job, {
      state: 'FAILED',
      error: {
        index: job.processed,
        reason: error instanceof MissingFile ? error.message : 'The server failed to run this job',
      },
    })
  }
}
