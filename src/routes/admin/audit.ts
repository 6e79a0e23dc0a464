import { Readable } from 'node:stream'
import { z } from 'zod'
import type { Context } from '#context.ts'
import type { OperatorCaller } from '#domain/access/operator.ts'
import { type AuditQuery, listAudit } from '#domain/audit/list-audit.ts'
import { AuditEntry } from '#resources/admin/audit.ts'
import { QueryText, QueryTime, single } from '#resources/queries.ts'
import { adminOperation, listOf, textOf } from '#routes/admin/operation.ts'
import { PathId } from '#routes/operation.ts'
import { csvHeader, csvRows } from '#wire/csv.ts'

const common = {
  tag: 'Audit',
  about: 'audit',
  right: 'read audit',
  query: z.object({
    application: single(PathId.optional()).describe('Returns only entries about this application'),
    actor: QueryText.describe('Returns only entries of the actor with this name'),
    action: QueryText.describe(
      'Returns only this action, such as `message.deleted`, or all actions of a kind, such as `message`',
    ),
    from: QueryTime.describe('Returns only entries created at or after this time'),
    to: QueryTime.describe('Returns only entries created before this time'),
  }),
} as const

export const auditOperations = (ctx: Context) => [
  adminOperation({
    ...common,
    id: 'listAudit',
    summary: 'List audit entries',
    description:
      'Lists audit entries, newest first: every write of operators and admin keys, and changes to credentials and deletions by others.',
    route: 'GET /audit',
    answer: listOf(AuditEntry),
    handle: (operator, { query, list }) => listAudit(ctx, operator, query, list),
  }),
  adminOperation({
    ...common,
    id: 'exportAudit',
    summary: 'Export audit entries',
    description: 'Returns all matching audit entries as CSV.',
    route: 'GET /audit.csv',
    answer: textOf('text/csv'),
    handle: async (operator, { query, reply }) => {
      const rows = await openCsv(ctx, operator, query)
      reply
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="audit.csv"')
        .send(rows)
    },
  }),
]

const columns = {
  createdTime: 'time',
  actorType: 'actor_type',
  actorId: 'actor_id',
  actorName: 'actor',
  action: 'action',
  application: 'application',
  targetType: 'target_type',
  targetId: 'target_id',
  address: 'address',
  details: 'details',
}
const partMax = 100

/** Streams the log as CSV at the reader's speed. @throws ChatError as the list does, before anything is sent */
async function openCsv(ctx: Context, operator: OperatorCaller, query: AuditQuery): Promise<Readable> {
  const first = await listAudit(ctx, operator, query, { limit: partMax })
  async function* lines() {
    yield csvHeader(columns)
    for (let part = first; ; ) {
      yield csvRows(columns, part.items.map(recordOf))
      if (part.next === undefined) return
      part = await listAudit(ctx, operator, query, { limit: partMax, cursor: part.next })
    }
  }
  return Readable.from(lines())
}

function recordOf({ actor, target, ...entry }: AuditEntry) {
  return {
    ...entry,
    actorType: actor.type,
    actorId: actor.id,
    actorName: actor.name,
    targetType: target?.type,
    targetId: target?.id,
  }
}
