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
import { WithId } from '#routes/operation.ts'

const about = { tag: 'Webhooks', about: 'webhook' }
const WithWebhook = z.object({ webhookId: WithId.shape.id })
const WithDelivery = WithWebhook.extend({ deliveryId: WithId.shape.id })
const path = '/webhooks/:webhookId'

export const webhookOperations = (ctx: Context) => [
  insideOperation({
    ...about,
    id: 'listWebhooks',
    summary: 'List webhooks',
    description: 'Newest first.',
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
      'Its secret is shown this once. docs/webhooks.md says what it is told, and how it checks that.',
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
    description: 'Of its secret nothing is shown.',
    route: `GET ${path}`,
    right: 'read webhooks',
    params: WithWebhook,
    answer: oneOf(Webhook),
    handle: ({ applicationId }, { params }) => mustFindWebhook(ctx.db, applicationId, params.webhookId),
  }),
  insideOperation({
    ...about,
    id: 'updateWebhook',
    summary: 'Change a webhook',
    description: 'Changes what is given. One that is switched on again is sent what waited for it.',
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
    description: 'With its deliveries, those included that are yet to be sent.',
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
    description: 'The new one is shown this once; for a day, deliveries are signed with both.',
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
    description: 'Sends it `webhook.test`, whatever it is told of; the delivery says what came of it.',
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
    description: 'Newest first, with what was sent and what was answered each time.',
    route: `GET ${path}/deliveries`,
    right: 'read webhooks',
    params: WithWebhook,
    query: z.object({ state: single(DeliveryState.optional()).describe('Only those that are so') }),
    answer: listOf(Delivery),
    handle: (caller, { params, query, list }) =>
      listDeliveries(ctx, caller, params.webhookId, query.state, list),
  }),
  insideOperation({
    ...about,
    id: 'replayWebhookDelivery',
    summary: 'Send a delivery again',
    description: 'With the same id and body, from its first attempt on.',
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
    summary: 'Send deliveries of a time again',
    description: 'Each with its id and body. Receivers tell by the id what they have had.',
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
