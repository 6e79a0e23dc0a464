import { z } from 'zod'
import { Id, Properties, Timestamp } from '#resources/define.ts'

export const ActorType = z.enum(['operator', 'key', 'application', 'user', 'command_line', 'system'])
export type ActorType = z.output<typeof ActorType>

/** Every action that the audit log records, grouped by what it affects. */
const auditActions = [
  'session.created',
  'session.deleted',
  'operator.created',
  'operator.updated',
  'operator.deleted',
  'key.created',
  'key.deleted',
  'application.created',
  'application.updated',
  'application.deleted',
  'application.secret_rotated',
  'settings.updated',
  'user.banned',
  'user.unbanned',
  'user.deleted',
  'channel.updated',
  'channel.deleted',
  'message.deleted',
  'messages.deleted',
  'report.resolved',
  'function.created',
  'function.updated',
  'function.draft_saved',
  'function.deployed',
  'function.tried',
  'import.started',
  'export.started',
  'ui.updated',
  'retention.run',
  'user.exported',
  'user.erased',
  'user.erasure_started',
  'webhook.created',
  'webhook.updated',
  'webhook.deleted',
  'webhook.secret_rotated',
  'webhook.switched_off',
  'webhook.tested',
  'webhook.replayed',
] as const
export type AuditAction = (typeof auditActions)[number]

export const AuditEntry = z
  .object({
    id: Id,
    createdTime: Timestamp,
    actor: z.object({
      type: ActorType,
      id: Id.optional(),
      name: z.string().describe('Name of the actor, as it was at that time'),
    }),
    action: z.enum(auditActions).describe('Action that was taken'),
    application: Id.optional().describe(
      'Id of the application. Absent for actions that concern the installation',
    ),
    target: z.object({ type: z.string(), id: z.string() }).optional(),
    address: z.string().optional().describe('IP address that the request came from'),
    details: Properties,
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.output<typeof AuditEntry>
