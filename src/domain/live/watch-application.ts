import type { Context } from '#context.ts'
import { keepWatch } from '#data/events/live.ts'

/** Renewed well before it ends. */
export const watchMs = 30_000

/** Has what happens in an application told to who watches it, for a while. */
export function watchApplication(ctx: Context, applicationId: number): Promise<void> {
  return keepWatch(ctx.db, applicationId, watchMs)
}
