import { rm } from 'node:fs/promises'
import type { Context } from '#context.ts'
import { runtimeFolder } from '#domain/functions/runtime/folders.ts'

/** Ends what runs of an application that is gone, and removes what its functions kept on this machine. */
export async function forgetRuntime(ctx: Context, applicationId: number): Promise<void> {
  await ctx.functions.end(applicationId)
  await rm(runtimeFolder(ctx.config.home, applicationId), { recursive: true, force: true, maxRetries: 3 })
}
