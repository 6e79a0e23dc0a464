import { rm } from 'node:fs/promises'
import type { Context } from '#context.ts'
import { runtimeFolder } from '#domain/functions/runtime/folders.ts'

/** Ends the function processes of a deleted application, and removes what its functions kept on this machine. */
export async function forgetRuntime(ctx: Context, applicationId: number): Promise<void> {
  await ctx.functions.end(applicationId)
  await rm(runtimeFolder(ctx.config.home, applicationId), { recursive: true, force: true, maxRetries: 3 })
}
