import type { Context } from '#context.ts'
import { dispatchBatchMax, takeEvents } from '#data/outbox.ts'

/** Takes one batch of committed events. @returns whether more may wait */
export async function dispatchEvents(ctx: Context): Promise<boolean> {
  const events = await takeEvents(ctx.db)
  return events.length === dispatchBatchMax
}
