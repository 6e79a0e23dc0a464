import type { Context } from '#context.ts'
import { keepBody } from '#data/webhooks/deliveries.ts'

/** Saves the body that every later attempt sends. */
export function keepDeliveryBody({ db }: Context, id: number, body: string): Promise<void> {
  return keepBody(db, id, body)
}
