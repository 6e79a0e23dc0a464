import type { Context } from '#context.ts'
import { forgetDeliveries } from '#data/webhooks/deliveries.ts'

const batchMax = 1_000

/** Forgets deliveries that are over and older than the settings say, a batch of them. @returns whether there may be more */
export async function forgetOldDeliveries({ db, config }: Context): Promise<boolean> {
  const { webhookDeliveriesDays: days } = config
  return days !== undefined && (await forgetDeliveries(db, days, batchMax)) === batchMax
}
