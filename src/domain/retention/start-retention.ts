import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import { findRetention } from '#data/removal/retention.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { withdrawAged } from '#domain/retention/withdraw-aged.ts'
import type { AnyJob } from '#resources/job.ts'

/** Withdraws messages older than the settings allow, and starts a job that removes them. */
export async function startRetention(ctx: Context, caller: ApplicationCaller): Promise<AnyJob> {
  const { applicationId } = caller
  await withdrawAged(ctx, applicationId, await findRetention(ctx.db, applicationId))
  await ctx.queue.ready()
  return ctx.db.transact(async (tx) => {
    const job = await insertJob(tx, applicationId, 'RETENTION', {})
    await noteAct(tx, caller, { action: 'retention.run', target: { type: 'job', id: job.id } })
    return job
  })
}
