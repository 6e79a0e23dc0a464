import type { Context } from '#context.ts'
import { dispatchBatchMax, takeEvents } from '#data/outbox.ts'
import type { CommittedEvent } from '#resources/events.ts'

/**
 * Takes one batch of committed events.
 * @returns those that somebody may listen to, whether members are to be notified and functions to run, and whether
 *   more events may wait
 */
export async function dispatchEvents(
  ctx: Context,
): Promise<{ events: CommittedEvent[]; toNotify: boolean; asked: boolean; more: boolean }> {
  const { taken, tasks, asked, events } = await takeEvents(ctx.db)
  return { events, toNotify: tasks > 0, asked: asked > 0, more: taken === dispatchBatchMax }
}
