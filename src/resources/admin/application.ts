import { z } from 'zod'
import { PatchRetention, Retention } from '#resources/admin/retention.ts'
import { Id, Properties, RequiredText, Timestamp } from '#resources/define.ts'
import { uiShapes } from '#resources/ui.ts'

const nameMax = 255
const Toggle = z.enum(['DISABLED', 'ENABLED'])
const count = (about: string) => z.number().int().nonnegative().describe(about).meta({ format: 'int64' })

export const AdminApplication = z
  .object({
    id: Id,
    name: z.string().describe('What people call it'),
    apiKey: z.string().describe('What real-time clients connect with'),
    clientId: z.string().optional().describe('What backends get their tokens with'),
    properties: Properties,
    counts: z.object({
      users: count('Users, without deleted ones'),
      channels: count('Channels of every type'),
      messages: count('Messages'),
    }),
    createdTime: Timestamp,
  })
  .meta({ id: 'Application' })
export type AdminApplication = z.output<typeof AdminApplication>

export const NewAdminApplication = AdminApplication.extend({
  clientSecret: z.string().describe('It is not shown again'),
}).meta({ id: 'NewApplication' })
export type NewAdminApplication = z.output<typeof NewAdminApplication>

export const CreateApplication = z.object({ name: RequiredText(nameMax) }).meta({ id: 'CreateApplication' })

export const PatchApplication = z
  .object({
    name: RequiredText(nameMax).optional(),
    properties: Properties.nullable().optional().describe('A merge patch (RFC 7396)'),
  })
  .meta({ id: 'PatchApplication' })
export type PatchApplication = z.output<typeof PatchApplication>

const overlapMaxSeconds = 2_592_000

export const RotateSecret = z
  .object({
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(overlapMaxSeconds)
      .default(0)
      .describe('How long the old secret and its tokens go on; none of them does where absent'),
  })
  .meta({ id: 'RotateSecret' })

export const RotatedSecret = z
  .object({
    clientId: z.string(),
    clientSecret: z.string().describe('It is not shown again'),
    oldSecretUntil: Timestamp.optional().describe('Until when the old one is taken'),
  })
  .meta({ id: 'RotatedSecret' })

export const AdminSettings = z
  .object({
    guestUsers: Toggle,
    userCreatedChannels: Toggle,
    retention: Retention,
    messagesPersisted: z.boolean(),
  })
  .meta({ id: 'Settings' })
export type AdminSettings = z.output<typeof AdminSettings>

export const PatchSettings = AdminSettings.extend({
  retention: PatchRetention.nullable().describe('Changes what is given; null keeps all for ever'),
  messagesPersisted: z
    .boolean()
    .describe('Whether messages are kept: of all channels that are there, and of those made from now on'),
})
  .partial()
  .meta({ id: 'PatchSettings' })
export type PatchSettings = z.output<typeof PatchSettings>

export const AdminUi = z.object(uiShapes).meta({ id: 'Ui' })
