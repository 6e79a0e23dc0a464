import type { Context } from '#context.ts'
import { runtimeFolder } from '#domain/functions/runtime/folders.ts'
import { installRefusal } from '#domain/functions/runtime/install-refusal.ts'
import type { RuntimeDependency } from '#resources/runtime.ts'

/** @throws ChatError ClientError with npm's reason; the previously installed packages stay in use */
export async function mustInstall(
  ctx: Context,
  applicationId: number,
  dependencies: RuntimeDependency[],
): Promise<void> {
  if (dependencies.length === 0) return
  const result = await ctx.functions.installDependencies(
    runtimeFolder(ctx.config.home, applicationId),
    dependencies,
  )
  if ('error' in result) throw installRefusal(result.error)
}
