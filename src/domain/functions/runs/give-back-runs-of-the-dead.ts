import type { Context } from '#context.ts'
import { giveBackOrphans } from '#data/functions/function-runs.ts'

/** Releases the runs that were claimed by processes that have died. */
export function giveBackRunsOfTheDead(ctx: Context): Promise<void> {
  return giveBackOrphans(ctx.db)
}
