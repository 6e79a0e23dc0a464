// What an uploaded snapshot may contain: its first line, and the cells that hold JSON. The database validates the rest.
import { z } from 'zod'
import { Retention } from '#resources/admin/retention.ts'
import { Json, Properties } from '#resources/define.ts'
import { JobError } from '#resources/job.ts'
import { MessageLink } from '#resources/message.ts'
import { EnvironmentVariables, RuntimeDependency } from '#resources/runtime.ts'
import { uiShapes } from '#resources/ui.ts'
import { WebhookEvents, WebhookSecret, WebhookUrl } from '#resources/webhook.ts'

const Toggle = z.enum(['ENABLED', 'DISABLED']).default('ENABLED')

/** The columns of the application itself; those that a snapshot lacks have their initial values. */
export const ApplicationCells = z.strictObject({
  guest_users: Toggle,
  user_created_channels: Toggle,
  ui: z.strictObject(uiShapes).partial().default({}),
  properties: Properties.default({}),
  retention: Retention.default({}),
  messages_persisted: z.boolean().default(true),
})
export type ApplicationCells = z.output<typeof ApplicationCells>

/** The body of the file's first line, for a known version. */
export const SnapshotHeaderBody = z.strictObject({
  format: z.string(),
  version: z.number(),
  name: z.string(),
  application: ApplicationCells,
  tables: z.record(z.string(), z.number().int().positive()),
  sha256: z.string(),
})

const Position = z.number().int().nonnegative()
const Mention = z.object({
  type: z.enum(['USER', 'CHANNEL']),
  tag: z.string(),
  startPosition: Position,
  endPosition: Position,
  id: z.number().int().nonnegative(),
})
const file = { name: z.string(), contentType: z.string(), size: z.number() }
const File = z.discriminatedUnion('type', [
  z.object({ type: z.literal('HOSTED'), key: z.uuid(), ...file }),
  z.object({ type: z.literal('EXTERNAL'), url: z.string(), ...file }),
])
const Log = z.object({
  level: z.enum(['debug', 'info', 'warn', 'error']),
  time: z.string(),
  text: z.string(),
})

/** By table and column. A column that is newer than the snapshot version is optional. */
export const snapshotCells: Record<string, Record<string, z.ZodType>> = {
  user: { properties: Properties },
  user_secret: { secret: Json, sealed: z.null() },
  channel: { properties: Properties },
  thread: { properties: Properties },
  message: {
    properties: Properties,
    file: File.nullable(),
    mentions: z.array(Mention).nullable(),
    links: z.array(MessageLink).nullable(),
  },
  message_report: { properties: Properties },
  webhook: { url: WebhookUrl, events: WebhookEvents, secret: WebhookSecret, previous_secret: z.null() },
  user_session: { topics: z.null() },
  job: {
    input: z.object({ fileKey: z.uuid().optional(), channelId: Position.optional() }),
    errors: z.array(JobError),
  },
  runtime: { dependencies: z.array(RuntimeDependency), environment: EnvironmentVariables },
  function_invocation: { args: Properties, result: Properties, logs: z.array(Log) },
}
