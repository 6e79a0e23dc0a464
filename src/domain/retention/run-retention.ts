import type { Context } from '#context.ts'
import type { RunningJob } from '#data/jobs/jobs.ts'
import { findRetention, inactiveChannels } from '#data/removal/retention.ts'
import { countWithdrawn, removeWithdrawn } from '#data/removal/withdrawal.ts'
import { type ApplicationCaller, defaultScopes } from '#domain/access/caller.ts'
import { theSystem } from '#domain/access/operator.ts'
import { deleteChannel } from '#domain/channels/delete-channel.ts'
import { endJob } from '#domain/jobs/end-job.ts'
import { saveTotal } from '#domain/jobs/save-total.ts'
import { batchMax, inBatches } from '#domain/removal/in-batches.ts'
import { removeRemains } from '#domain/removal/remove-remains.ts'
import { withdrawAged } from '#domain/retention/withdraw-aged.ts'
import { isGone } from '#errors.ts'
import type { Retention } from '#resources/admin/retention.ts'

/**
 * Removes what an application no longer keeps: inactive channels, old messages with their files, which are withdrawn at
 * once, then what is left of them in read spans, threads, deliveries and invocations. If interrupted, it starts over
 * with what is left. The job counts messages and channels.
 */
export async function runRetention(ctx: Context, begun: RunningJob, signal: AbortSignal): Promise<void> {
  const { applicationId } = begun
  const retention = await findRetention(ctx.db, applicationId)
  // Channels first, because the messages of a removed channel need not be checked.
  let job = await removeChannels(ctx, begun, retention, signal)
  await withdrawAged(ctx, applicationId, retention)
  await saveTotal(ctx, job, job.processed + (await countWithdrawn(ctx.db, applicationId)))
  for (const kind of ['messages', 'files'] as const) {
    let after: number | undefined = 0
    job = await inBatches(ctx, job, signal, async (tx) => {
      const page = { applicationId, after: after ?? 0, limit: batchMax }
      const { count, next } = await removeWithdrawn(tx, kind, page)
      after = next
      return { counted: count, more: next !== undefined }
    })
  }
  job = await removeRemains(ctx, job, signal)
  await endJob(ctx, job, { state: 'FINISHED' })
}

/** Deletes inactive channels with deleteChannel: members are notified, and a large one gets a job of its own. */
async function removeChannels(
  ctx: Context,
  begun: RunningJob,
  retention: Retention,
  signal: AbortSignal,
): Promise<RunningJob> {
  const { applicationId } = begun
  const caller: ApplicationCaller = {
    kind: 'application',
    applicationId,
    scopes: [...defaultScopes],
    operator: theSystem,
  }
  let job = begun
  for (let after = 0; ; ) {
    const page = { applicationId, retention, after, limit: 100 }
    const ids = await inactiveChannels(ctx.db, page)
    for (const id of ids) {
      signal.throwIfAborted()
      await deleteChannel(ctx, caller, id).catch((error) => {
        if (!isGone(error)) throw error
      })
      job = await inBatches(ctx, job, signal, async () => ({ counted: 1, more: false }))
      after = id
    }
    if (ids.length < page.limit) return job
  }
}
