import type { Context } from '#context.ts'
import { dropRuns } from '#data/functions/function-runs.ts'

/** Forgets runs that there is nothing to do for: what they are about is gone. */
export async function forgetRuns(ctx: Context, ids: number[]): Promise<void> {
  if (ids.length > 0) await dropRuns(ctx.db, ids)
}
