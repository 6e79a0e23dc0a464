import type { Context } from '#context.ts'
import { giveBackRuns } from '#data/functions/function-runs.ts'

/** Releases the runs that this process has claimed, except those in progress. */
export function giveBackQueuedRuns(ctx: Context, but: number[]): Promise<void> {
  return giveBackRuns(ctx.db, ctx.node.id, but)
}
