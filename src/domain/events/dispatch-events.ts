import type { Context } from '#context.ts'
import { dispatchBatchMax, takeEvents } from '#data/outbox.ts'
import type { CommittedEvent } from '#resources/events.ts'

/**
 * Takes one batch of committed events.
 * @returns those that somebody may listen to, whether functions are to run, and whether more may wait
 */
export async function dispatchEvents(
  ctx: Context,
): Promise<{ events: CommittedEvent[]; asked: boolean; more: boolean }> {
  const { taken, asked, events } = await takeEvents(ctx.db)
  return { events, asked: asked > 0, more: taken === dispatchBatchMax }
}
