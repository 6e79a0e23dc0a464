import type { Context } from '#context.ts'
import { type DueDelivery, noteAttempt } from '#data/webhooks/deliveries.ts'
import { switchWebhookOff } from '#data/webhooks/webhooks.ts'
import { theSystem } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import type { DeliveryAttempt } from '#resources/webhook.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** The pauses between attempts, as the specification proposes; after the last attempt, the delivery has failed. */
const pauses = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]
/** The largest random share added to a pause, so that deliveries that failed together are not retried together. */
const jitter = 0.1
/** The status that means the receiver is gone for good [Standard Webhooks, Operational considerations]. */
const gone = 410
const failingMaxMs = 5 * 24 * hour

/**
 * Records the outcome of an attempt: 2xx is success, anything else is retried as long as pauses are left. A webhook
 * that is gone, or has failed for five days, is disabled, unless it decides who may connect.
 * @param retryAfterMs the delay that the receiver requested
 * @returns undefined if the delivery was removed meanwhile
 */
export async function endAttempt(
  ctx: Context,
  { id, webhookId, applicationId, attempts }: DueDelivery,
  attempt: DeliveryAttempt,
  retryAfterMs = 0,
): Promise<'delivered' | 'failed' | 'pending' | undefined> {
  const { status = 0 } = attempt
  const pause = pauses[attempts.length]
  const isDelivered = status >= 200 && status < 300
  const state = isDelivered ? 'delivered' : pause === undefined || status === gone ? 'failed' : 'pending'
  const againInMs = Math.max(retryAfterMs, (pause ?? 0) * (1 + jitter * Math.random()))
  return ctx.db.transact(async (tx) => {
    const failingSince = await noteAttempt(tx, { id, webhookId }, { attempt, state, againInMs })
    if (failingSince === undefined) return undefined
    await tx.emit({ type: 'webhook.attempted', applicationId, payload: { webhookId, deliveryId: id } })
    const isFailing = failingSince !== null && ctx.clock.now() - Date.parse(failingSince) > failingMaxMs
    if (isDelivered || !(status === gone || isFailing)) return state
    if (!(await switchWebhookOff(tx, webhookId))) return state
    await noteAct(tx, theSystem, {
      action: 'webhook.switched_off',
      applicationId,
      target: { type: 'webhook', id: webhookId },
      details: { reason: status === gone ? 'it answered 410' : 'it has failed for five days' },
    })
    return state
  })
}
