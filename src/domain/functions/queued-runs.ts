// Runs that events asked for and nobody waits for, as they wait in the database.
import type { Context } from '#context.ts'
import {
  beginInvocations,
  type Capacity,
  deleteOldInvocations,
  dropRuns,
  giveBackOrphans,
  giveBackRuns,
  type TakenRun,
  takeRuns,
} from '#data/functions/function-runs.ts'
import { type CurrentFunction, currentFunctions } from '#data/functions/functions.ts'
import { maskSecrets } from '#domain/functions/mask-secrets.ts'
import { isGone, withoutWords } from '#errors.ts'

export interface QueuedRun extends TakenRun {
  function: CurrentFunction
}

/**
 * Takes as many runs as there is capacity for, with the functions as they are now; those of functions that are off are
 * over.
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

/** Records that runs begin. @returns the ids of the invocations, in order */
export function beginRuns(
  ctx: Context,
  runs: { function: CurrentFunction; event: Record<string, unknown> }[],
): Promise<number[]> {
  return beginInvocations(
    ctx.db,
    ctx.node.id,
    runs.map(({ function: { id, versionNumber }, event }) => ({
      functionId: id,
      versionNumber,
      args: maskSecrets(event),
    })),
  )
}

/** Forgets runs of which there is nothing to tell: what they are about is gone. */
export async function forgetRuns(ctx: Context, ids: number[]): Promise<void> {
  if (ids.length > 0) await dropRuns(ctx.db, ids)
}

/** Gives a run up that fails for another reason than its function. */
export async function setRunAside(ctx: Context, run: TakenRun, error: unknown): Promise<void> {
  const { id, functionId, applicationId } = run
  await dropRuns(ctx.db, [id])
  if (isGone(error)) return
  ctx.metrics.count('function runs set aside')
  ctx.log.error(
    { err: withoutWords(error), runId: id, functionId, applicationId },
    'a run of a function was set aside: it cannot be done',
  )
}

/** Gives back what this process has taken, but for what it is at. */
export function giveBackQueuedRuns(ctx: Context, but: number[]): Promise<void> {
  return giveBackRuns(ctx.db, ctx.node.id, but)
}

/** Gives back what processes had taken that have died. */
export function giveBackRunsOfTheDead(ctx: Context): Promise<void> {
  return giveBackOrphans(ctx.db)
}

/** Forgets a batch of what ran longer ago than the settings say. @returns how many */
export function forgetInvocations(ctx: Context): Promise<number> {
  return deleteOldInvocations(ctx.db, ctx.config.functionInvocationsDays)
}
