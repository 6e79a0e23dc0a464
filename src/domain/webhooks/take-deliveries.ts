import type { Context } from '#context.ts'
import { type DueDelivery, dueDeliveries } from '#data/webhooks/deliveries.ts'

export type { DueDelivery }

/** The maximum number of deliveries at a time: to one webhook, to all prompt webhooks, and to all slow ones. */
const limits = { perWebhook: 6, prompt: 60, slow: 300 }
/** A webhook is slow if an attempt takes longer; it then takes no place from prompt webhooks. */
const promptMs = 1_000

/** By webhook: its deliveries in progress, and when each began by performance.now(). */
export type UnderWay = ReadonlyMap<number, ReadonlyMap<number, number>>

/**
 * Takes due deliveries, for each webhook in the order of events, as capacity permits; webhooks with few deliveries in
 * progress come first. A slow or dead webhook occupies a place that others need for a second at most.
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
