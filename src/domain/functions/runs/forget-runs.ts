import type { Context } from '#context.ts'
import { dropRuns } from '#data/functions/function-runs.ts'

/** Forgets runs of which there is nothing to tell: what they are about is gone. */
export async function forgetRuns(ctx: Context, ids: number[]): Promise<void> {
  if (ids.length > 0) await dropRuns(ctx.db, ids)
}
