import type { Context } from '#context.ts'
import { type TakenEvents, takeAside } from '#data/events/outbox.ts'
import { asLeader } from '#domain/events/as-leader.ts'
import { isGone, withoutWords } from '#errors.ts'

/** Gives up on the effects of an event: it is only counted, and published if possible. */
export async function setEventAside(
  ctx: Context,
  id: number,
  error: unknown,
): Promise<TakenEvents | undefined> {
  const taken = await asLeader(ctx, (lead) => takeAside(ctx.db, lead, id))
  if (!taken || isGone(error)) return taken
  ctx.metrics.count('events set aside')
  ctx.log.error({ err: withoutWords(error), eventId: id }, 'an event was set aside: it cannot be processed')
  return taken
}
