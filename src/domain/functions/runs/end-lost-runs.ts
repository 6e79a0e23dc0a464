import type { Context } from '#context.ts'
import { endLostInvocations, findRunning } from '#data/functions/function-runs.ts'
import { runsInProgress } from '#domain/functions/runs/runs-in-progress.ts'

/**
 * Marks invocations of this process as failed that it is not executing: the connection to the database broke after the
 * record of their beginning was stored and before its answer, or their outcome could not be stored.
 * @param before the invocations that the last call found; only these are ended, as answers may still be on their way
 * @returns the invocations found by this call
 */
export async function endLostRuns(ctx: Context, before: readonly number[]): Promise<number[]> {
  const known = runsInProgress(ctx)
  const found = (await findRunning(ctx.db, ctx.node.id)).filter((id) => !known.has(id))
  const lost = found.filter((id) => before.includes(id))
  if (lost.length > 0) await endLostInvocations(ctx.db, lost)
  return found
}
