import { readdir } from 'node:fs/promises'
import type { Context } from '#context.ts'
import { existingApplications } from '#data/applications/applications.ts'
import { runtimesFolder } from '#domain/functions/runtime/folders.ts'
import { forgetRuntime } from '#domain/functions/runtime/forget-runtime.ts'

/** Ends function processes of applications that other processes deleted, and removes what their functions kept. */
export async function sweepRuntimes(ctx: Context): Promise<void> {
  const names = await readdir(runtimesFolder(ctx.config.home)).catch(() => [])
  const kept = names.filter((name) => /^[1-9]\d{0,15}$/.test(name)).map(Number)
  const ids = [...new Set([...kept, ...ctx.functions.applications()])]
  const existing = await existingApplications(ctx.db, ids)
  for (const id of ids) if (!existing.has(id)) await forgetRuntime(ctx, id)
}
