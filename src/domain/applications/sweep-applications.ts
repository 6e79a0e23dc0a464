import type { Context } from '#context.ts'
import { closedApplications } from '#data/applications/deletion.ts'
import { finishApplication } from '#domain/applications/finish-application.ts'

/** Finishes the deletion of applications closed more than a minute ago, for example after an interruption. */
export async function sweepApplications(ctx: Context, signal: AbortSignal): Promise<void> {
  for (const id of await closedApplications(ctx.db)) await finishApplication(ctx, id, signal)
}
