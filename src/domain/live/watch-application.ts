import type { Context } from '#context.ts'
import { keepWatch } from '#data/events/live.ts'

/** Watches are renewed well before this time is over. */
export const watchMs = 30_000

/** Keeps the events of an application available to those who watch it, for a while. */
export function watchApplication(ctx: Context, applicationId: number): Promise<void> {
  return keepWatch(ctx.db, applicationId, watchMs)
}
