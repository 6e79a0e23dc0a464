import type { Context } from '#context.ts'
import { type RunningJob, setJobTotal } from '#data/jobs/jobs.ts'

/** How many items there are to do, so that progress means something. */
export function saveTotal(ctx: Context, { id }: RunningJob, total: number): Promise<void> {
  return setJobTotal(ctx.db, id, total)
}
