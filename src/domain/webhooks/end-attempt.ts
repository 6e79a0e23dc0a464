import type { Context } from '#context.ts'
import { type DueDelivery, noteAttempt } from '#data/webhooks/deliveries.ts'
import { switchWebhookOff } from '#data/webhooks/webhooks.ts'
import { theSystem } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import type { DeliveryAttempt } from '#resources/webhook.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** Between the attempts, as the specification proposes; behind the last one it has failed. */
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
/** So much of a pause is left to chance, so that what failed together is not tried together. */
const jitter = 0.1
/** Who answers so is gone for good [Standard Webhooks, Operational considerations]. */
const gone = 410
const failingMaxMs = 5 * 24 * hour

/**
 * Keeps what an attempt has come to: 2xx is success, anything else is tried again as long as there are pauses left. A
 * webhook that is gone, or that has failed for five days, is switched off, unless it decides who may connect.
 * @param retryAfterMs what the receiver asked for
 * @returns undefined where the delivery was removed meanwhile
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
