import type { Context } from '#context.ts'
import { dropRuns } from '#data/functions/function-runs.ts'

/** Deletes queued runs with nothing to do, because what they refer to is gone. */
export async function forgetRuns(ctx: Context, ids: number[]): Promise<void> {
  if (ids.length > 0) await dropRuns(ctx.db, ids)
}
