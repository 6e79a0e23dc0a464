import type { Context } from '#context.ts'
import { type DueDelivery, dueDeliveries } from '#data/webhooks/deliveries.ts'

export type { DueDelivery }

/** Of one webhook at once, so that one that is slow leaves room to the others; and of all. */
const limits = { perWebhook: 6, total: 60 }

/** What is due, of each webhook in the order of the events, as far as there is room. @param underWay by the webhook */
export function takeDeliveries(
  ctx: Context,
  underWay: ReadonlyMap<number, ReadonlySet<number>>,
): Promise<DueDelivery[]> {
  const busy = new Map([...underWay].map(([webhook, deliveries]) => [webhook, deliveries.size]))
  const ids = [...underWay.values()].flatMap((deliveries) => [...deliveries])
  return dueDeliveries(ctx.db, busy, ids, { ...limits, total: limits.total - ids.length })
}
