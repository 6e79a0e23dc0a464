import type { Context } from '#context.ts'
import { deleteOldInvocations } from '#data/functions/function-runs.ts'

/** Forgets a batch of what ran longer ago than the settings say. @returns how many */
export function forgetInvocations(ctx: Context): Promise<number> {
  return deleteOldInvocations(ctx.db, ctx.config.functionInvocationsDays)
}
