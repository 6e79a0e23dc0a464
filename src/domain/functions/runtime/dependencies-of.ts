import { LRUCache } from 'lru-cache'
import type { Context } from '#context.ts'
import { runtimeFolder } from '#domain/functions/runtime/folders.ts'
import { installRefusal } from '#domain/functions/runtime/install-refusal.ts'
import type { RuntimeDependency } from '#resources/runtime.ts'

/** How long to wait before trying again to install packages that failed. */
const failedMs = 30_000

const failed = new LRUCache<string, string>({ max: 1_000, ttl: failedMs })

export interface Installed {
  /** The folder for the data of the application's functions. */
  folder: string
  /** Absent if there are no packages. */
  dependenciesFolder?: string
}

/**
 * Returns the folders of an application's functions, and installs missing packages. If that fails, the packages from
 * before stay in use.
 * @throws ChatError ClientError with npm's reason, if there are none from before
 */
export async function dependenciesOf(
  ctx: Context,
  applicationId: number,
  dependencies: RuntimeDependency[],
): Promise<Installed> {
  const folder = runtimeFolder(ctx.config.home, applicationId)
  if (dependencies.length === 0) return { folder }
  const key = `${folder} ${JSON.stringify(dependencies)}`
  const recent = failed.get(key)
  if (recent !== undefined) throw installRefusal(recent)
  const result = await ctx.functions.installDependencies(folder, dependencies)
  if ('folder' in result) return { folder, dependenciesFolder: result.folder }
  ctx.log.warn({ applicationId, reason: result.error }, 'the dependencies of functions are not installed')
  if (result.lastGood !== undefined) return { folder, dependenciesFolder: result.lastGood }
  failed.set(key, result.error)
  throw installRefusal(result.error)
}
