import type { Context } from '#context.ts'
import { beginInvocations } from '#data/functions/function-runs.ts'
import type { CurrentFunction } from '#data/functions/functions.ts'
import { maskSecrets } from '#domain/functions/runs/mask-secrets.ts'

/** Records that runs have begun, except those given to another process. @returns the ids of the invocations, in order */
export function beginRuns(
  ctx: Context,
  runs: { id: number; function: CurrentFunction; event: Record<string, unknown> }[],
): Promise<number[]> {
  return beginInvocations(
    ctx.db,
    ctx.node.id,
    runs.map(({ id: runId, function: { id, versionNumber }, event }) => ({
      runId,
      functionId: id,
      versionNumber,
      args: maskSecrets(event),
    })),
  )
}
