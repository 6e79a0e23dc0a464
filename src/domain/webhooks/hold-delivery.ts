import type { Context } from '#context.ts'
import { postponeDelivery } from '#data/webhooks/deliveries.ts'

/** Postpones a delivery whose attempt is to hang, or failed on our side. */
export function holdDelivery({ db }: Context, id: number, ms: number): Promise<void> {
  return postponeDelivery(db, id, ms)
}
