import type { Context } from '#context.ts'
import { markJobBegun, type RunningJob } from '#data/jobs/jobs.ts'

export type { RunningJob }

/** The job as far as it is, RUNNING; undefined where it has ended or is gone with its application. */
export function beginJob(ctx: Context, id: number): Promise<RunningJob | undefined> {
  return markJobBegun(ctx.db, id)
}
