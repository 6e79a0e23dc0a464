import type { Context } from '#context.ts'
import { beginInvocations } from '#data/functions/function-runs.ts'
import type { CurrentFunction } from '#data/functions/functions.ts'
import { maskSecrets } from '#domain/functions/runs/mask-secrets.ts'

/** Records that runs have begun. @returns the ids of the invocations, in order */
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
