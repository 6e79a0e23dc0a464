import type { Context } from '#context.ts'
import { releaseDead } from '#data/jobs/queue.ts'

/** Releases jobs that were claimed by workers of dead processes. */
export function releaseDeadWorkers(ctx: Context, self: string): Promise<void> {
  return releaseDead(ctx.db, self)
}
