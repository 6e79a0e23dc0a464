import type { Context } from '#context.ts'
import { type Batch, type TakenEvents, takeEvents } from '#data/events/outbox.ts'
import { asLeader } from '#domain/events/as-leader.ts'

export { dispatchBatchMax } from '#data/events/limits.ts'

/** Takes one batch of committed events; returns undefined if another process has become the leader. */
export async function dispatchEvents(ctx: Context, batch?: Batch): Promise<TakenEvents | undefined> {
  const taken = await asLeader(ctx, (lead) => takeEvents(ctx.db, lead, batch))
  const now = ctx.clock.now()
  for (const [at, event] of taken?.events.entries() ?? []) event.writtenAt = now - (taken?.ages[at] ?? 0)
  return taken
}
