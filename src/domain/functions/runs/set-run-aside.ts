import type { Context } from '#context.ts'
import { dropRuns, type TakenRun } from '#data/functions/function-runs.ts'
import { isGone, withoutWords } from '#errors.ts'

/** Drops a run that fails for another reason than its function. */
export async function setRunAside(ctx: Context, run: TakenRun, error: unknown): Promise<void> {
  const { id, functionId, applicationId } = run
  await dropRuns(ctx.db, [id])
  if (isGone(error)) return
  ctx.metrics.count('function runs set aside')
  ctx.log.error(
    { err: withoutWords(error), runId: id, functionId, applicationId },
    'a function run was set aside: it cannot be started',
  )
}
