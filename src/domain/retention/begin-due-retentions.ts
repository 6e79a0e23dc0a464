import type { Context } from '#context.ts'
import { insertJob } from '#data/jobs/jobs.ts'
import { dueRetentions, findRetention, hasRemovable } from '#data/removal/retention.ts'

/** Starts a removal job, at most once an hour, for each application with something to remove. */
export async function beginDueRetentions(ctx: Context): Promise<void> {
  for (const applicationId of await dueRetentions(ctx.db)) {
    if (!(await hasRemovable(ctx.db, applicationId, await findRetention(ctx.db, applicationId)))) continue
    await ctx.queue.ready()
    await ctx.db.transact((tx) => insertJob(tx, applicationId, 'RETENTION', {}))
  }
}
