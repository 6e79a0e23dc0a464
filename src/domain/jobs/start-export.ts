import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteOperatorsAct } from '#domain/audit/note-operators-act.ts'
import type { ExportType, Job } from '#resources/job.ts'

/** Queues an export, and returns the job as queued, PENDING. */
export async function startExport(ctx: Context, caller: ApplicationCaller, type: ExportType): Promise<Job> {
  await ctx.queue.ready()
  return ctx.db.transact(async (tx) => {
    const job = await insertJob(tx, caller.applicationId, type, {})
    const target = { type: 'job', id: job.id }
    await noteOperatorsAct(tx, caller, { action: 'export.started', target, details: { type } })
    return job
  })
}
