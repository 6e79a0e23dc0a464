import type { Context } from '#context.ts'
import { deleteOldInvocations } from '#data/functions/function-runs.ts'

/** Deletes a batch of invocations older than the settings allow. @returns how many */
export function forgetInvocations(ctx: Context): Promise<number> {
  return deleteOldInvocations(ctx.db, ctx.config.functionInvocationsDays)
}
