// What users have reported. A message's row knows how often.
import { columnsOf, jsonb, select, text, timestamptz } from '#data/columns.ts'
import { type Db, type Tx, toJsonb } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import { userColumns } from '#data/rows.ts'
import { sortableUsers } from '#data/users.ts'
import type { MessageReport } from '#resources/message.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

/** A report without who made it. */
export type ReportDetails = Omit<MessageReport, 'user'>

const reportShape = {
  reason: text,
  properties: jsonb<MessageReport['properties']>(),
  createdTime: timestamptz,
}

interface ReportRow {
  reason: string
  properties: Record<string, unknown>
  time: Date
}

const toDetails = ({ reason, properties, time }: ReportRow): ReportDetails => ({
  reason,
  properties,
  createdTime: time.toISOString(),
})

/** Reports a message; who reports it again says why anew. @throws a foreign key violation where it is gone */
export async function saveReport(
  tx: Tx,
  messageId: number,
  userId: number,
  { reason, properties }: Pick<ReportDetails, 'reason' | 'properties'>,
): Promise<ReportDetails> {
  const [row] = await tx.prisma.$queryRaw<(ReportRow & { isNew: boolean })[]>`
    insert into message_report (message_id, user_id, reason, properties)
    values (${BigInt(messageId)}, ${BigInt(userId)}, ${reason}, ${toJsonb(properties)})
    on conflict (message_id, user_id) do update
      set reason = excluded.reason, properties = excluded.properties, created_time = excluded.created_time
    returning reason, properties, created_time as time, xmax = 0 as "isNew"`
  const saved = row as ReportRow & { isNew: boolean } // an insert that did not throw returns its row
  if (saved.isNew) await addToCount(tx, messageId, 1)
  return toDetails(saved)
}

/** @returns the report that the user had made, if any */
export async function deleteReport(
  tx: Tx,
  messageId: number,
  userId: number,
): Promise<ReportDetails | undefined> {
  const [row] = await tx.prisma.$queryRaw<ReportRow[]>`
    delete from message_report where message_id = ${BigInt(messageId)} and user_id = ${BigInt(userId)}
    returning reason, properties, created_time as time`
  if (!row) return undefined
  await addToCount(tx, messageId, -1)
  return toDetails(row)
}

async function addToCount(tx: Tx, messageId: number, change: number): Promise<void> {
  await tx.prisma.$executeRaw`
    update message set report_count = greatest(report_count + ${change}::int, 0) where id = ${BigInt(messageId)}`
}

/** Who reported a message and why, oldest first. */
export function listReports(db: Db, messageId: number, page: PageRequest): Promise<Page<MessageReport>> {
  return listPage(
    db,
    {
      resource: 'message_report',
      from: sql`message_report r join "user" u on u.id = r.user_id`,
      id: 'r.id',
      where: [sql`r.message_id = ${messageId}::bigint`],
      sortable: { ...sortableUsers, id: 'r.id', createdTime: 'r.created_time', reason: 'r.reason' },
      order: 'r.id',
      columns: select({ ...columnsOf(reportShape, 'r'), user: userColumns('u') }),
      joins: 'join message_report r on r.id = page.id join "user" u on u.id = r.user_id',
    },
    page,
  )
}
