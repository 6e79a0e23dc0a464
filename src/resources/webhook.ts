// What webhooks receive, following the Standard Webhooks specification (operating contract 4).
import { z } from 'zod'
import { Id, Text, Timestamp } from '#resources/define.ts'
import { blockingType } from '#resources/function.ts'
import { PatchUser } from '#resources/user.ts'

export const webhookTypes = [
  'channel.created',
  'channel.updated',
  'channel.deleted',
  'channel.member.added',
  'channel.member.removed',
  'message.created',
  'message.updated',
  'message.deleted',
  'message.reported',
  'reaction.added',
  'reaction.removed',
  'user.created',
  'user.updated',
  'user.deleted',
  'user.banned',
  'user.connected',
  'user.disconnected',
  'job.ended',
  'function.failed',
] as const
export type WebhookType = (typeof webhookTypes)[number]

const urlMax = 2_048
const secretBytesMin = 24
const secretBytesMax = 64

/** Replaces the URL: nothing is sent, and deliveries can be read instead, as `chatterie webhooks listen` does. */
export const listening = 'chatterie:listen'
/** Hours until a listening webhook is deleted, because the process that created it may have died. */
export const listeningHours = 12

export const WebhookUrl = Text(urlMax)
  .refine((text) => {
    if (text === listening) return true
    const url = URL.parse(text)
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  }, 'must be an http or https URL without credentials')
  .describe(
    `URL that events are sent to. With \`${listening}\`, nothing is sent; its events can be read for ${listeningHours} hours instead`,
  )

export const WebhookEvents = z
  .array(z.enum(['*', ...webhookTypes, blockingType]))
  .min(1)
  .max(webhookTypes.length + 2)
  .describe(
    `Types of events to send. \`*\` stands for all present and future types except \`${blockingType}\`, with which the webhook decides who may connect`,
  )

export const WebhookSecret = z.string().refine((text) => {
  const bytes = Buffer.from(
    text.replace(/^whsec_/, () => ''),
    'base64',
  ).length
  return /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) && bytes >= secretBytesMin && bytes <= secretBytesMax
}, `must be whsec_ and ${secretBytesMin} to ${secretBytesMax} bytes in base64`)

const Description = Text(1_024)

export const Webhook = z
  .object({
    id: Id,
    url: z.string(),
    events: z.array(z.string()),
    description: z.string().optional(),
    enabled: z.boolean(),
    failingSince: Timestamp.optional().describe('Time since which every attempt has failed'),
    createdTime: Timestamp,
  })
  .meta({ id: 'Webhook' })
export type Webhook = z.output<typeof Webhook>

export const NewWebhook = Webhook.extend({
  secret: z.string().describe('Secret that deliveries are signed with. Shown only once'),
}).meta({ id: 'NewWebhook' })
export type NewWebhook = z.output<typeof NewWebhook>

export const CreateWebhook = z
  .object({
    url: WebhookUrl,
    events: WebhookEvents,
    description: Description.optional(),
    enabled: z.boolean().default(true),
    secret: WebhookSecret.optional().describe('Secret to sign deliveries with. Generated if absent'),
  })
  .meta({ id: 'CreateWebhook' })
export type CreateWebhook = z.output<typeof CreateWebhook>

export const PatchWebhook = z
  .object({
    url: WebhookUrl.optional(),
    events: WebhookEvents.optional(),
    description: Description.nullable().optional(),
    enabled: z.boolean().optional(),
    secret: WebhookSecret.optional().describe(
      'New secret to sign deliveries with. For a day, they are also signed with the old one',
    ),
  })
  .meta({ id: 'PatchWebhook' })
export type PatchWebhook = z.output<typeof PatchWebhook>

export const DeliveryState = z.enum(['pending', 'delivered', 'failed'])
export type DeliveryState = z.output<typeof DeliveryState>

export const DeliveryAttempt = z.object({
  time: Timestamp,
  durationMs: z.number().int(),
  status: z.number().int().optional().describe('HTTP status of the response. Absent if there was none'),
  error: z.string().optional().describe('Reason of the failure'),
  answer: z.string().optional().describe('First 4 KiB of the response body'),
})
export type DeliveryAttempt = z.output<typeof DeliveryAttempt>

export const Delivery = z
  .object({
    id: Id,
    messageId: z.string().describe('Value of the header `webhook-id`, the same in every attempt'),
    type: z.string(),
    state: DeliveryState,
    body: z.string().optional().describe('Body of the request. Absent before the first attempt'),
    attempts: z.array(DeliveryAttempt).describe('Attempts, oldest first'),
    nextTime: Timestamp.optional().describe('Time of the next attempt'),
    createdTime: Timestamp,
    endTime: Timestamp.optional(),
  })
  .meta({ id: 'WebhookDelivery' })
export type Delivery = z.output<typeof Delivery>

/** The answer of a webhook that is asked whether a user may connect. */
export const Admission = z.object({
  allow: z.boolean(),
  message: z.string().optional().describe('Message shown to the user if they are refused'),
  user: PatchUser.pick({ displayName: true, isGuest: true, properties: true })
    .optional()
    .describe('The user as they are from now on: created if they do not exist, updated if they differ'),
})
export type Admission = z.output<typeof Admission>

export const ReplayDeliveries = z
  .object({
    from: z.iso.datetime({ offset: true }).describe('Replays deliveries created at or after this time'),
    to: z.iso.datetime({ offset: true }).describe('Replays deliveries created before this time'),
    state: DeliveryState.optional(),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), {
    path: ['from'],
    message: 'must be before to',
  })
  .meta({ id: 'ReplayDeliveries' })
export type ReplayDeliveries = z.output<typeof ReplayDeliveries>

export const ReplayedDeliveries = z
  .object({ count: z.number().int().describe('Number of deliveries that are sent again') })
  .meta({ id: 'ReplayedDeliveries' })
