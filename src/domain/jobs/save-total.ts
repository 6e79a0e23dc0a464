import type { Context } from '#context.ts'
import { type RunningJob, setJobTotal } from '#data/jobs/jobs.ts'

/** Sets the number of items to do, for the job's progress. */
export function saveTotal(ctx: Context, { id }: RunningJob, total: number): Promise<void> {
  return setJobTotal(ctx.db, id, total)
}
