import type { Context } from '#context.ts'
import { type DueDelivery, giveUpDelivery } from '#data/webhooks/deliveries.ts'
import { withoutWords } from '#errors.ts'

/** Gives up a delivery whose body cannot be created, which is not its webhook's fault. It can be replayed. */
export async function setDeliveryAside(ctx: Context, delivery: DueDelivery, error: unknown): Promise<void> {
  const { id, webhookId, applicationId } = delivery
  const time = new Date(ctx.clock.now()).toISOString()
  await giveUpDelivery(ctx.db, id, { time, durationMs: 0, error: 'its body could not be made' })
  ctx.metrics.count('webhook deliveries set aside')
  ctx.log.error(
    { err: withoutWords(error), deliveryId: id, webhookId, applicationId },
    'a webhook delivery was set aside: its body cannot be composed',
  )
}
