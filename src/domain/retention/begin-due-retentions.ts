import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import { dueRetentions, findRetention, hasRemovable } from '#data/removal/retention.ts'

/** Looks, once an hour for each application, whether something is to be removed; a job does that. */
export async function beginDueRetentions(ctx: Context): Promise<void> {
  for (const applicationId of await dueRetentions(ctx.db)) {
    if (!(await hasRemovable(ctx.db, applicationId, await findRetention(ctx.db, applicationId)))) continue
    await ctx.queue.ready()
    await ctx.db.transact((tx) => insertJob(tx, applicationId, 'RETENTION', {}))
  }
}
