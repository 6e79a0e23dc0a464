import type { Querier } from '#data/database.ts'
import { findWebhook } from '#data/webhooks/webhooks.ts'
import { mustExist } from '#errors.ts'
import type { Webhook } from '#resources/webhook.ts'

/** @throws ChatError 404 if the application has no such webhook */
export async function mustFindWebhook(db: Querier, applicationId: number, id: number): Promise<Webhook> {
  return mustExist(await findWebhook(db, applicationId, id), 'webhook', id)
}
