import type { Context } from '#context.ts'
import { postponeDelivery } from '#data/webhooks/deliveries.ts'

/** Its attempt is to hang for a while, during which whoever moves the clock does not wait for it. */
export function holdDelivery({ db }: Context, id: number, ms: number): Promise<void> {
  return postponeDelivery(db, id, ms)
}
