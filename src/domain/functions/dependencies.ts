// The npm packages of an application's functions, in the home folder of each process that runs them.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Context } from '#context.ts'
import { ChatError } from '#errors.ts'
import type { RuntimeDependency } from '#resources/runtime.ts'

const reasonMax = 500

/** How long packages that could not be installed are not asked for again. */
const failedMs = 30_000
const failed = new LRUCache<string, string>({ max: 1_000, ttl: failedMs })

export interface Installed {
  /** What the application's functions keep. */
  folder: string
  /** Absent where there are no packages. */
  dependenciesFolder?: string
}

/**
 * Gives the folders of an application's functions. What this process lacks is installed; where that fails, the packages
 * from before stay in use.
 * @throws ChatError ClientError with npm's reason, where there are none from before
 */
export async function dependenciesOf(
  ctx: Context,
  applicationId: number,
  dependencies: RuntimeDependency[],
): Promise<Installed> {
  const folder = folderOf(ctx, applicationId)
  if (dependencies.length === 0) return { folder }
  const key = `${folder} ${JSON.stringify(dependencies)}`
  const recent = failed.get(key)
  if (recent !== undefined) throw refusal(recent)
  const result = await ctx.functions.installDependencies(folder, dependencies)
  if ('folder' in result) return { folder, dependenciesFolder: result.folder }
  ctx.log.warn({ applicationId, reason: result.error }, 'the dependencies of functions are not installed')
  if (result.lastGood !== undefined) return { folder, dependenciesFolder: result.lastGood }
  failed.set(key, result.error)
  throw refusal(result.error)
}

/** @throws ChatError ClientError with npm's reason; what was installed before stays in use */
export async function mustInstall(
  ctx: Context,
  applicationId: number,
  dependencies: RuntimeDependency[],
): Promise<void> {
  if (dependencies.length === 0) return
  const result = await ctx.functions.installDependencies(folderOf(ctx, applicationId), dependencies)
  if ('error' in result) throw refusal(result.error)
}

/** Has a folder for each application whose functions ran in this process. */
export function runtimesFolder(ctx: Context): string {
  return join(ctx.config.home, 'runtimes')
}

function folderOf(ctx: Context, applicationId: number): string {
  return join(runtimesFolder(ctx), String(applicationId))
}

/** Ends what runs of an application that is gone, and removes what its functions kept on this machine. */
export async function forgetRuntime(ctx: Context, applicationId: number): Promise<void> {
  await ctx.functions.end(applicationId)
  await rm(folderOf(ctx, applicationId), { recursive: true, force: true, maxRetries: 3 })
}

function refusal(reason: string): ChatError {
  const message = `The dependencies cannot be installed: ${reason.slice(0, reasonMax)}`
  return new ChatError('ClientError', message, [
    { resource: 'runtime', field: 'dependencies', code: 'invalid', message },
  ])
}
