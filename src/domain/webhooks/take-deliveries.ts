import type { Context } from '#context.ts'
import { type DueDelivery, dueDeliveries } from '#data/webhooks/deliveries.ts'

export type { DueDelivery }

/** Places of one webhook; of all that answer soon, together; and of all the others. */
const limits = { perWebhook: 6, prompt: 60, slow: 300 }
/** Who has been asked for longer is slow, and takes no place from the others. */
const promptMs = 1_000

/** By webhook: the deliveries under way, and since when by performance.now(). */
export type UnderWay = ReadonlyMap<number, ReadonlyMap<number, number>>

/**
 * What is due, of each webhook in the order of the events, as far as there is room: webhooks with little under way come
 * first. However many are slow or dead, each holds a place that others could have for a second at the most.
 */
export function takeDeliveries(ctx: Context, underWay: UnderWay): Promise<DueDelivery[]> {
  const slowSince = performance.now() - promptMs
  const slow = new Set<number>()
  const taken = { prompt: 0, slow: 0 }
  for (const [webhook, deliveries] of underWay) {
    const isSlow = [...deliveries.values()].some((began) => began < slowSince)
    if (isSlow) slow.add(webhook)
    taken[isSlow ? 'slow' : 'prompt'] += deliveries.size
  }
  const isCrowded = taken.slow >= limits.slow
  const busy = new Map(
    [...underWay].map(([webhook, { size }]) => [
      webhook,
      isCrowded && slow.has(webhook) ? limits.perWebhook : size,
    ]),
  )
  const ids = [...underWay.values()].flatMap((deliveries) => [...deliveries.keys()])
  const total = Math.max(limits.prompt - taken.prompt, 0)
  return dueDeliveries(ctx.db, busy, ids, { perWebhook: limits.perWebhook, total })
}
