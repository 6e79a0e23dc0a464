import type { Context } from '#context.ts'
import { forgetDeliveries } from '#data/webhooks/deliveries.ts'
import { deleteWebhooksAt } from '#data/webhooks/webhooks.ts'
import { listening, listeningHours } from '#resources/webhook.ts'

const batchMax = 1_000

/**
 * Forgets deliveries that are over and older than the settings say, a batch of them; and webhooks of those who have
 * stopped listening without saying so.
 * @returns whether there may be more
 */
export async function forgetOldDeliveries({ db, config }: Context): Promise<boolean> {
  await deleteWebhooksAt(db, listening, listeningHours)
  const { webhookDeliveriesDays: days } = config
  return days !== undefined && (await forgetDeliveries(db, days, batchMax)) === batchMax
}
