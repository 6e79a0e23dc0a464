import type { Context } from '#context.ts'
import { giveBackRuns } from '#data/functions/function-runs.ts'

/**
 * Releases the runs that this process has claimed, except those in progress, `but`.
 * @param untried those that it did not try to begin, and that keep all of their attempts
 */
export function giveBackQueuedRuns(ctx: Context, but: number[], untried: number[] = []): Promise<void> {
  return giveBackRuns(ctx.db, ctx.node.id, but, untried)
}
