// What webhooks receive, following the Standard Webhooks specification (operating contract 4).
import { z } from 'zod'
import { Id, Timestamp } from '#resources/define.ts'
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

export const WebhookUrl = z
  .string()
  .max(urlMax)
  .refine((text) => {
    if (text === listening) return true
    const url = URL.parse(text)
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  }, 'must be an http or https URL without credentials')
  .describe(
    `Where it is told; or \`${listening}\`: it is sent nothing, what it is told is there to be read for ${listeningHours} hours`,
  )

export const WebhookEvents = z
  .array(z.enum(['*', ...webhookTypes, blockingType]))
  .min(1)
  .max(webhookTypes.length + 2)
  .describe(
    `What it is told of; \`*\` is all, and all that comes, but for \`${blockingType}\`, by which it decides who may connect`,
  )

export const WebhookSecret = z.string().refine((text) => {
  const bytes = Buffer.from(
    text.replace(/^whsec_/, () => ''),
    'base64',
  ).length
  return /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) && bytes >= secretBytesMin && bytes <= secretBytesMax
}, `must be whsec_ and ${secretBytesMin} to ${secretBytesMax} bytes in base64`)

const Description = z.string().max(1_024)

export const Webhook = z
  .object({
    id: Id,
    url: z.string(),
    events: z.array(z.string()),
    description: z.string().optional(),
    enabled: z.boolean(),
    failingSince: Timestamp.optional().describe('Since when no attempt has succeeded'),
    createdTime: Timestamp,
  })
  .meta({ id: 'Webhook' })
export type Webhook = z.output<typeof Webhook>

export const NewWebhook = Webhook.extend({
  secret: z.string().describe('What its deliveries are signed with; it is not shown again'),
}).meta({ id: 'NewWebhook' })
export type NewWebhook = z.output<typeof NewWebhook>

export const CreateWebhook = z
  .object({
    url: WebhookUrl,
    events: WebhookEvents,
    description: Description.optional(),
    enabled: z.boolean().default(true),
    secret: WebhookSecret.optional().describe('Generated where absent'),
  })
  .meta({ id: 'CreateWebhook' })
export type CreateWebhook = z.output<typeof CreateWebhook>

export const PatchWebhook = z
  .object({
    url: WebhookUrl.optional(),
    events: WebhookEvents.optional(),
    description: Description.nullable().optional(),
    enabled: z.boolean().optional(),
  })
  .meta({ id: 'PatchWebhook' })
export type PatchWebhook = z.output<typeof PatchWebhook>

export const DeliveryState = z.enum(['pending', 'delivered', 'failed'])
export type DeliveryState = z.output<typeof DeliveryState>

export const DeliveryAttempt = z.object({
  time: Timestamp,
  durationMs: z.number().int(),
  status: z.number().int().optional().describe('Absent where nothing was answered'),
  error: z.string().optional().describe('Why it failed'),
  answer: z.string().optional().describe('The first 4 KiB of the body'),
})
export type DeliveryAttempt = z.output<typeof DeliveryAttempt>

export const Delivery = z
  .object({
    id: Id,
    messageId: z.string().describe('Its header `webhook-id`, the same in every attempt'),
    type: z.string(),
    state: DeliveryState,
    body: z.string().optional().describe('What is sent; absent before the first attempt'),
    attempts: z.array(DeliveryAttempt).describe('Oldest first'),
    nextTime: Timestamp.optional().describe('When it is tried again'),
    createdTime: Timestamp,
    endTime: Timestamp.optional(),
  })
  .meta({ id: 'WebhookDelivery' })
export type Delivery = z.output<typeof Delivery>

/** The answer of a webhook that is asked whether a user may connect. */
export const Admission = z.object({
  allow: z.boolean(),
  message: z.string().optional().describe('What who is refused is told'),
  user: PatchUser.pick({ displayName: true, isGuest: true, properties: true })
    .optional()
    .describe('The user as it is from now on: created where there is none, changed where it differs'),
})
export type Admission = z.output<typeof Admission>

export const ReplayDeliveries = z
  .object({
    from: z.iso.datetime({ offset: true }).describe('Created at or after'),
    to: z.iso.datetime({ offset: true }).describe('Created before'),
    state: DeliveryState.optional(),
  })
  .meta({ id: 'ReplayDeliveries' })
export type ReplayDeliveries = z.output<typeof ReplayDeliveries>

export const ReplayedDeliveries = z
  .object({ count: z.number().int().describe('How many are sent again') })
  .meta({ id: 'ReplayedDeliveries' })
