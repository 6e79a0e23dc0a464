import type { Context } from '#context.ts'
import { postponeDelivery } from '#data/webhooks/deliveries.ts'

/** It is not due for a while: its attempt is to hang, or was none. */
export function holdDelivery({ db }: Context, id: number, ms: number): Promise<void> {
  return postponeDelivery(db, id, ms)
}
