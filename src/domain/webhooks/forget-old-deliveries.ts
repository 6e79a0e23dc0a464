import type { Context } from '#context.ts'
import { forgetDeliveries } from '#data/webhooks/delivery-records.ts'
import { deleteWebhooksAt } from '#data/webhooks/webhooks.ts'
import { listening, listeningHours } from '#resources/webhook.ts'

const batchMax = 1_000

/**
 * Deletes a batch of ended deliveries that are older than the settings allow, and expired webhooks of `chatterie
 * webhooks listen`.
 * @returns whether there may be more
 */
export async function forgetOldDeliveries({ db, config }: Context): Promise<boolean> {
  await deleteWebhooksAt(db, listening, listeningHours)
  const { webhookDeliveriesDays: days } = config
  return days !== undefined && (await forgetDeliveries(db, days, batchMax)) === batchMax
}
