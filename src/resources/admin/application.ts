import { z } from 'zod'
import { PatchRetention, Retention } from '#resources/admin/retention.ts'
import { count, Id, Properties, RequiredText, Timestamp, Toggle } from '#resources/define.ts'
import { uiShapes } from '#resources/ui.ts'

export const applicationNameMax = 255
export const ApplicationName = RequiredText(applicationNameMax)

export const AdminApplication = z
  .object({
    id: Id,
    name: z.string().describe('Name of the application'),
    apiKey: z.string().describe('API key with which real-time clients connect'),
    clientId: z.string().optional().describe('Client id with which backends obtain tokens'),
    properties: Properties,
    counts: z.object({
      users: count('Number of users, without deleted ones'),
      channels: count('Number of channels of all types'),
      messages: count('Number of messages'),
    }),
    createdTime: Timestamp,
  })
  .meta({ id: 'Application' })
export type AdminApplication = z.output<typeof AdminApplication>

export const NewAdminApplication = AdminApplication.extend({
  clientSecret: z.string().describe('Client secret. Shown only once'),
}).meta({ id: 'NewApplication' })
export type NewAdminApplication = z.output<typeof NewAdminApplication>

export const CreateApplication = z.object({ name: ApplicationName }).meta({ id: 'CreateApplication' })

export const PatchApplication = z
  .object({
    name: ApplicationName.optional(),
    properties: Properties.nullable().optional().describe('JSON merge patch (RFC 7396)'),
  })
  .meta({ id: 'PatchApplication' })
export type PatchApplication = z.output<typeof PatchApplication>

/** 30 days: an overlap without an end would mean two valid secrets for ever. */
export const overlapMaxSeconds = 2_592_000

export const RotateSecret = z
  .object({
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(overlapMaxSeconds)
      .default(0)
      .describe(
        'How long the old secret and its tokens remain valid, in seconds. Defaults to 0: they become invalid immediately',
      ),
  })
  .meta({ id: 'RotateSecret' })

export const RotatedSecret = z
  .object({
    clientId: z.string(),
    clientSecret: z.string().describe('Client secret. Shown only once'),
    oldSecretUntil: Timestamp.optional().describe('Time until which the old secret is accepted'),
  })
  .meta({ id: 'RotatedSecret' })
export type RotatedSecret = z.output<typeof RotatedSecret>

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
  retention: PatchRetention.nullable().describe('Updates the given members. `null` keeps everything forever'),
  messagesPersisted: z
    .boolean()
    .describe('Whether messages are kept, in all existing channels and in those created from now on'),
})
  .partial()
  .meta({ id: 'PatchSettings' })
export type PatchSettings = z.output<typeof PatchSettings>

export const AdminUi = z.object(uiShapes).meta({ id: 'Ui' })
