import type { Context } from '#context.ts'
import { releaseDead } from '#data/jobs/queue.ts'

/** Gives back what workers of dead processes had taken. */
export function releaseDeadWorkers(ctx: Context, self: string): Promise<void> {
  return releaseDead(ctx.db, self)
}
