import { z } from 'zod'
import type { Context } from '#context.ts'
import { createWebhook } from '#domain/webhooks/create-webhook.ts'
import { deleteWebhook } from '#domain/webhooks/delete-webhook.ts'
import { listDeliveries } from '#domain/webhooks/list-deliveries.ts'
import { listWebhooks } from '#domain/webhooks/list-webhooks.ts'
import { mustFindWebhook } from '#domain/webhooks/must-find-webhook.ts'
import { replayDeliveries } from '#domain/webhooks/replay-deliveries.ts'
import { replayDelivery } from '#domain/webhooks/replay-delivery.ts'
import { rotateWebhookSecret } from '#domain/webhooks/rotate-webhook-secret.ts'
import { testWebhook } from '#domain/webhooks/test-webhook.ts'
import { updateWebhook } from '#domain/webhooks/update-webhook.ts'
import { single } from '#resources/queries.ts'
import {
  CreateWebhook,
  Delivery,
  DeliveryState,
  NewWebhook,
  PatchWebhook,
  ReplayDeliveries,
  ReplayedDeliveries,
  Webhook,
} from '#resources/webhook.ts'
import { insideOperation, listOf, noContent, oneOf } from '#routes/admin/operation.ts'
import { PathId } from '#routes/operation.ts'

const about = { tag: 'Webhooks', about: 'webhook' }
const WithWebhook = z.object({ webhookId: PathId })
const WithDelivery = WithWebhook.extend({ deliveryId: PathId })
const path = '/webhooks/:webhookId'

export const webhookOperations = (ctx: Context) => [
  insideOperation({
    ...about,
    id: 'listWebhooks',
    summary: 'List webhooks',
    description: 'Lists webhooks, newest first.',
    route: 'GET /webhooks',
    right: 'read webhooks',
    answer: listOf(Webhook),
    handle: (caller, { list }) => listWebhooks(ctx, caller, list),
  }),
  insideOperation({
    ...about,
    id: 'createWebhook',
    summary: 'Create a webhook',
    description:
      'Creates a webhook. Its secret is shown only once. docs/webhooks.md describes the requests it receives, and how to verify them.',
    route: 'POST /webhooks',
    right: 'change webhooks',
    status: 201,
    body: CreateWebhook,
    answer: oneOf(NewWebhook),
    handle: (caller, { body }) => createWebhook(ctx, caller, body),
  }),
  insideOperation({
    ...about,
    id: 'retrieveWebhook',
    summary: 'Retrieve a webhook',
    description: 'Retrieves a webhook. Its secret is not shown.',
    route: `GET ${path}`,
    right: 'read webhooks',
    params: WithWebhook,
    answer: oneOf(Webhook),
    handle: ({ applicationId }, { params }) => mustFindWebhook(ctx.db, applicationId, params.webhookId),
  }),
  insideOperation({
    ...about,
    id: 'updateWebhook',
    summary: 'Update a webhook',
    description:
      'Updates the given fields. A webhook that is enabled again receives the deliveries that were waiting.',
    route: `PATCH ${path}`,
    right: 'change webhooks',
    params: WithWebhook,
    body: PatchWebhook,
    answer: oneOf(Webhook),
    handle: (caller, { params, body }) => updateWebhook(ctx, caller, params.webhookId, body),
  }),
  insideOperation({
    ...about,
    id: 'deleteWebhook',
    summary: 'Delete a webhook',
    description: 'Deletes a webhook and its deliveries, including those not sent yet.',
    route: `DELETE ${path}`,
    right: 'change webhooks',
    params: WithWebhook,
    answer: noContent,
    handle: (caller, { params }) => deleteWebhook(ctx, caller, params.webhookId),
  }),
  insideOperation({
    ...about,
    id: 'rotateWebhookSecret',
    summary: 'Replace the secret of a webhook',
    description:
      'Generates a new secret, which is shown only once. For a day, deliveries are signed with both secrets; if the secret is replaced again within that day, with all of them. Answers 409 if it was replaced eight times within a day.',
    route: `POST ${path}/rotate-secret`,
    right: 'change webhooks',
    params: WithWebhook,
    answer: oneOf(NewWebhook),
    handle: (caller, { params }) => rotateWebhookSecret(ctx, caller, params.webhookId),
  }),
  insideOperation({
    ...about,
    id: 'testWebhook',
    summary: 'Send a test to a webhook',
    description:
      'Sends a `webhook.test` event, whatever types the webhook receives. The delivery shows the result.',
    route: `POST ${path}/test`,
    right: 'change webhooks',
    status: 202,
    params: WithWebhook,
    answer: oneOf(Delivery),
    handle: (caller, { params }) => testWebhook(ctx, caller, params.webhookId),
  }),
  insideOperation({
    ...about,
    id: 'listWebhookDeliveries',
    summary: 'List deliveries',
    description:
      'Lists the deliveries of a webhook, newest first, with the body that was sent and the response to each attempt.',
    route: `GET ${path}/deliveries`,
    right: 'read webhooks',
    params: WithWebhook,
    query: z.object({
      state: single(DeliveryState.optional()).describe('Returns only deliveries in this state'),
    }),
    answer: listOf(Delivery),
    handle: (caller, { params, query, list }) =>
      listDeliveries(ctx, caller, params.webhookId, query.state, list),
  }),
  insideOperation({
    ...about,
    id: 'replayWebhookDelivery',
    summary: 'Send a delivery again',
    description: 'Sends a delivery again with the same id and body, starting over with the first attempt.',
    route: `POST ${path}/deliveries/:deliveryId/replay`,
    right: 'change webhooks',
    status: 202,
    params: WithDelivery,
    answer: oneOf(Delivery),
    handle: (caller, { params }) => replayDelivery(ctx, caller, params.webhookId, params.deliveryId),
  }),
  insideOperation({
    ...about,
    id: 'replayWebhookDeliveries',
    summary: 'Send the deliveries of a period again',
    description:
      'Sends the deliveries of a period again, each with the same id and body. Receivers can recognize by the id what they have already received.',
    route: `POST ${path}/replay`,
    right: 'change webhooks',
    status: 202,
    params: WithWebhook,
    body: ReplayDeliveries,
    answer: oneOf(ReplayedDeliveries),
    handle: async (caller, { params, body }) => ({
      count: await replayDeliveries(ctx, caller, params.webhookId, body),
    }),
  }),
]
