import type { Context } from '#context.ts'
import { type Capacity, type TakenRun, takeRuns } from '#data/functions/function-runs.ts'
import { type CurrentFunction, currentFunctions } from '#data/functions/functions.ts'
import { forgetRuns } from '#domain/functions/runs/forget-runs.ts'

export interface QueuedRun extends TakenRun {
  function: CurrentFunction
}

/**
 * Claims as many runs as there is capacity for, with the current versions of their functions. Runs of disabled
 * functions are dropped.
 */
export async function takeQueuedRuns(
  ctx: Context,
  capacity: Capacity,
): Promise<{ runs: QueuedRun[]; more: boolean }> {
  const taken = await takeRuns(ctx.db, { ...capacity, node: ctx.node.id })
  if (taken.length === 0) return { runs: [], more: false }
  const functions = await currentFunctions(ctx.db, [...new Set(taken.map(({ functionId }) => functionId))])
  const runs = taken.flatMap((run) => {
    const current = functions.get(run.functionId)
    return current ? [{ ...run, function: current }] : []
  })
  await forgetRuns(
    ctx,
    taken.filter(({ functionId }) => !functions.has(functionId)).map(({ id }) => id),
  )
  return { runs, more: taken.length === capacity.total }
}
