import type { Context } from '#context.ts'
import { markJobBegun, type RunningJob } from '#data/jobs/jobs.ts'

export type { RunningJob }

/** Marks a job as RUNNING and returns it; undefined if it has ended or was deleted with its application. */
export function beginJob(ctx: Context, id: number): Promise<RunningJob | undefined> {
  return markJobBegun(ctx.db, id)
}
