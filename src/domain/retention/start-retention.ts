import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import type { AnyJob } from '#resources/job.ts'

/** Removes what is older than the settings say, in a job that begins now. */
export async function startRetention(ctx: Context, caller: ApplicationCaller): Promise<AnyJob> {
  await ctx.queue.ready()
  return ctx.db.transact(async (tx) => {
    const job = await insertJob(tx, caller.applicationId, 'RETENTION', {})
    await noteAct(tx, caller, { action: 'retention.run', target: { type: 'job', id: job.id } })
    return job
  })
}
