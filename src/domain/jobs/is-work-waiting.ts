import type { Context } from '#context.ts'
import { hasWork } from '#data/jobs/queue.ts'

/** Whether there are jobs to do, those included that a process has taken, which may be dead. */
export function isWorkWaiting(ctx: Context): Promise<boolean> {
  return hasWork(ctx.db)
}
