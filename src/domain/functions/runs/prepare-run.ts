// What a run needs besides its event: a host, the script, and an access token of its application.
import type { Context } from '#context.ts'
import { type CurrentFunction, findScript } from '#data/functions/functions.ts'
import { type PreparedHost, prepareHost } from '#domain/functions/runs/prepare-host.ts'
import { preparedOf } from '#domain/functions/runs/prepared-of.ts'
import { notFound } from '#errors.ts'

export interface PreparedRun extends PreparedHost {
  handlerScript: string
}

/**
 * Returns what a function needs to run, from caches if unchanged since the last run.
 * @throws Error if the dependencies cannot be installed, or the environment cannot be opened
 */
export async function prepareRun(ctx: Context, current: CurrentFunction): Promise<PreparedRun> {
  const [handlerScript, prepared] = await Promise.all([
    scriptOf(ctx, current.versionId),
    prepareHost(ctx, current),
  ])
  return { ...prepared, handlerScript }
}

async function scriptOf(ctx: Context, versionId: number): Promise<string> {
  const { scripts } = preparedOf(ctx)
  const script = scripts.get(versionId) ?? (await findScript(ctx.db, versionId))
  if (script === undefined) throw notFound('function version', versionId)
  scripts.set(versionId, script)
  return script
}
