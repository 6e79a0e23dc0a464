import type { Context } from '#context.ts'
import { giveBackOrphans } from '#data/functions/function-runs.ts'

/** Gives back what processes had taken that have died. */
export function giveBackRunsOfTheDead(ctx: Context): Promise<void> {
  return giveBackOrphans(ctx.db)
}
