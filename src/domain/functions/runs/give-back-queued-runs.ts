import type { Context } from '#context.ts'
import { giveBackRuns } from '#data/functions/function-runs.ts'

/** Gives back what this process has taken, but for what it is at. */
export function giveBackQueuedRuns(ctx: Context, but: number[]): Promise<void> {
  return giveBackRuns(ctx.db, ctx.node.id, but)
}
