import type { Context } from '#context.ts'
import { keepBody } from '#data/webhooks/deliveries.ts'

/** What every attempt sends from now on. */
export function keepDeliveryBody({ db }: Context, id: number, body: string): Promise<void> {
  return keepBody(db, id, body)
}
