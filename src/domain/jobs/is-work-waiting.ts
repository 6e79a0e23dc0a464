import type { Context } from '#context.ts'
import { hasWork } from '#data/jobs/queue.ts'

/** Returns whether there are jobs to do, including those that a process has claimed, because it may be dead. */
export function isWorkWaiting(ctx: Context): Promise<boolean> {
  return hasWork(ctx.db)
}
