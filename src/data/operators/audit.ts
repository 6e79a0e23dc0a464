// The audit log: who did what. Rows are inserted and deleted, but never updated.
import { columnsOf, int8, jsonb, mapped, nullable, oneOf, select, text, timestamptz } from '#data/columns.ts'
import type { Db, Querier } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset } from '#data/keyset.ts'
import type { ActorType, AuditAction, AuditEntry } from '#resources/admin/audit.ts'
import type { ListPart } from '#resources/admin/list.ts'

const { sql } = Prisma

/** A new entry; its time is the time of the insert. */
export interface NewAuditEntry {
  applicationId?: number | undefined
  actor: { type: ActorType; id?: number | undefined; name: string }
  action: AuditAction
  target?: { type: string; id: string | number } | undefined
  details?: Record<string, unknown> | undefined
  address?: string | undefined
}

export async function insertAuditEntry(db: Querier, entry: NewAuditEntry): Promise<void> {
  const { applicationId, actor, action, target, details = {}, address } = entry
  await db.run(insertStatement, [
    applicationId ?? null,
    actor.type,
    actor.id ?? null,
    actor.name,
    action,
    target?.type ?? null,
    target === undefined ? null : String(target.id),
    JSON.stringify(details),
    address ?? null,
  ])
}

const insertStatement = {
  name: 'insert-audit-entry',
  text: `
    insert into audit_entry
      (application_id, actor_type, actor_id, actor_name, action, target_type, target_id, details, address)
    values ($1, $2::actor_type, $3, $4, $5, $6, $7, $8::jsonb, $9)`,
}

export interface AuditFilters {
  /** Only entries about these applications. If undefined, entries about all applications and the installation. */
  applicationIds?: number[] | undefined
  /** The actor's name. */
  actor?: string | undefined
  /** A whole action, or its first part: `message`. */
  action?: string | undefined
  /** ISO 8601, inclusive. */
  from?: string | undefined
  /** ISO 8601, exclusive. */
  to?: string | undefined
}

const columns = mapped(
  select(
    columnsOf(
      {
        id: int8,
        applicationId: nullable(int8),
        actorType: oneOf<ActorType>(),
        actorId: nullable(int8),
        actorName: text,
        action: oneOf<AuditAction>(),
        targetType: nullable(text),
        targetId: nullable(text),
        details: jsonb<AuditEntry['details']>(),
        address: nullable(text),
        createdTime: timestamptz,
      },
      'e',
    ),
  ),
  (row): AuditEntry => ({
    id: row.id,
    createdTime: row.createdTime,
    actor: { type: row.actorType, name: row.actorName, ...(row.actorId !== null && { id: row.actorId }) },
    action: row.action,
    details: row.details,
    ...(row.applicationId !== null && { application: row.applicationId }),
    ...(row.targetType !== null &&
      row.targetId !== null && { target: { type: row.targetType, id: row.targetId } }),
    ...(row.address !== null && { address: row.address }),
  }),
)

/** Lists audit entries, newest first. Index: audit_entry (application_id, id). */
export function listAuditRows(
  db: Db,
  { applicationIds, actor, action, from, to }: AuditFilters,
  request: KeysetRequest,
): Promise<ListPart<AuditEntry>> {
  const where = [
    ...(applicationIds === undefined ? [] : [sql`e.application_id = any(${applicationIds}::bigint[])`]),
    ...(actor === undefined ? [] : [sql`e.actor_name = ${actor}`]),
    ...(action === undefined
      ? []
      : [sql`(e.action = ${action} or e.action like ${`${action.replace(/[\\%_]/g, '\\$&')}.%`})`]),
    ...(from === undefined ? [] : [sql`e.created_time >= ${from}::timestamptz`]),
    ...(to === undefined ? [] : [sql`e.created_time < ${to}::timestamptz`]),
  ]
  return listKeyset(
    db,
    { from: sql`audit_entry e`, where, key: [['e.id', 'bigint']], descending: true, columns },
    request,
  )
}
