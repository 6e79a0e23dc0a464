import type { Context } from '#context.ts'
import { endItems, type Move, type PendingItem } from '#data/moving/items.ts'
import { backendOf } from '#domain/access/caller.ts'
import { presetNames } from '#domain/functions/runtime/environment.ts'
import { getRuntime } from '#domain/functions/runtime/get-runtime.ts'
import { updateDependencies } from '#domain/functions/runtime/update-dependencies.ts'
import { updateEnvironmentVariables } from '#domain/functions/runtime/update-environment-variables.ts'
import { updateInitializationScript } from '#domain/functions/runtime/update-initialization-script.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import { ChatError } from '#errors.ts'
import type { MovedRuntime } from '#resources/moving.ts'

/**
 * Copies the dependencies, variables and script of functions from the source. Variables that are already set here keep
 * their values.
 */
export async function writeRuntime(
  ctx: Context,
  move: Move,
  { key, content }: PendingItem<MovedRuntime>,
): Promise<Problem[]> {
  const caller = backendOf(move.applicationId)
  const problems: Problem[] = []
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ChatError) || error.status >= 500) throw error
      problems.push({ key: what, reason: error.message.slice(0, 300) })
    }
  }
  const { dependencies, environmentVariables, initializationScript } = content
  const runtime = await getRuntime(ctx, caller)
  const own = Object.entries(environmentVariables).filter(([name]) => !presetNames.includes(name))
  if (own.length > 0) {
    const variables = { ...Object.fromEntries(own), ...runtime.environmentVariables }
    await attempt('environment variables', () => updateEnvironmentVariables(ctx, caller, variables))
  }
  if (initializationScript !== undefined) {
    await attempt('initialization script', () =>
      updateInitializationScript(ctx, caller, { script: initializationScript }),
    )
  }
  if (dependencies.length > 0) {
    const wanted = dependencies.map((each) => ({ ...each, defaultDependency: false }))
    await attempt('dependencies', () => updateDependencies(ctx, caller, wanted))
  }
  if (problems.length === 0) await endItems(ctx.db, move, 'runtime', [{ key }])
  return problems
}
