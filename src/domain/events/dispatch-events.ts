import type { Context } from '#context.ts'
import { dispatchBatchMax } from '#data/events/limits.ts'
import type { Lead } from '#data/events/node.ts'
import { type Batch, firstUntaken, type TakenEvents, takeAside, takeEvents } from '#data/events/outbox.ts'
import { isGone, withoutWords } from '#errors.ts'

export { dispatchBatchMax, type TakenEvents }

/** Takes one batch of committed events; nothing where another process leads by now. */
export function dispatchEvents(ctx: Context, batch?: Batch): Promise<TakenEvents | undefined> {
  return asLeader(ctx, (lead) => takeEvents(ctx.db, lead, batch))
}

/** The event that is to be taken next. */
export function nextEvent(ctx: Context): Promise<number | undefined> {
  return firstUntaken(ctx.db)
}

/** Gives up what an event should set off: it is counted, and told if that can be done. */
export async function setEventAside(
  ctx: Context,
  id: number,
  error: unknown,
): Promise<TakenEvents | undefined> {
  const taken = await asLeader(ctx, (lead) => takeAside(ctx.db, lead, id))
  if (!taken || isGone(error)) return taken
  ctx.metrics.count('events set aside')
  ctx.log.error({ err: withoutWords(error), eventId: id }, 'an event was set aside: it cannot be taken')
  return taken
}

async function asLeader(
  { node }: Context,
  take: (lead: Lead) => Promise<TakenEvents | undefined>,
): Promise<TakenEvents | undefined> {
  const { lead } = node
  const taken = lead && (await take(lead))
  if (lead && !taken) node.follow(lead)
  return taken
}
