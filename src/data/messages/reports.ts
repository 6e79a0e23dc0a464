// Users' reports of messages. A message's row has the number of its reports.
import { bool, column, columnsOf, jsonb, select, text, timestamptz } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { knownSorts, listPage } from '#data/lists.ts'
import { userColumns } from '#data/rows.ts'
import { sortableUsers } from '#data/users/user-lists.ts'
import type { MessageReport } from '#resources/message.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

/** A report without the user who made it. */
export type ReportDetails = Omit<MessageReport, 'user'>

export const reportShape = {
  reason: text,
  properties: jsonb<MessageReport['properties']>(),
  createdTime: timestamptz,
}

const detailsColumns = select(columnsOf(reportShape, 'r'))

/** Reports a message, replacing the user's earlier report. @throws a foreign key violation if the message is gone */
export async function saveReport(
  tx: Tx,
  messageId: number,
  userId: number,
  { reason, properties }: Pick<ReportDetails, 'reason' | 'properties'>,
): Promise<ReportDetails> {
  const values = [messageId, userId, reason, JSON.stringify(properties)]
  const { details, isNew } = await tx.single(saveStatement, values)
  if (isNew) await addToCount(tx, messageId, 1)
  return details
}

const saveStatement = reading(
  'save-report',
  select({ details: detailsColumns, isNew: column(bool, 'r.xmax = 0') }),
  (columns) => `
    insert into message_report as r (message_id, user_id, reason, properties) values ($1, $2, $3, $4::jsonb)
    on conflict (message_id, user_id) do update
      set reason = excluded.reason, properties = excluded.properties, created_time = excluded.created_time
    returning ${columns}`,
)

/** @returns the deleted report of the user, if there was one */
export async function deleteReport(
  tx: Tx,
  messageId: number,
  userId: number,
): Promise<ReportDetails | undefined> {
  const details = await tx.one(deleteStatement, [messageId, userId])
  if (details) await addToCount(tx, messageId, -1)
  return details
}

const deleteStatement = reading(
  'delete-report',
  detailsColumns,
  (columns) => `delete from message_report r where r.message_id = $1 and r.user_id = $2 returning ${columns}`,
)

async function addToCount(tx: Tx, messageId: number, change: number): Promise<void> {
  await tx.run(countStatement, [messageId, change])
}

const countStatement = {
  name: 'count-report',
  text: 'update message set report_count = greatest(report_count + $2::int, 0) where id = $1',
}

const sortable = { ...sortableUsers, id: 'r.id', createdTime: 'r.created_time', reason: 'r.reason' }

/** Lists the reports of a message with the users who made them, oldest first. */
export function listReports(db: Db, messageId: number, page: PageRequest): Promise<Page<MessageReport>> {
  return listPage(
    db,
    {
      name: 'list-reports',
      resource: 'message_report',
      from: sql`message_report r join "user" u on u.id = r.user_id`,
      id: 'r.id',
      where: [sql`r.message_id = ${messageId}::bigint`],
      sortable,
      order: 'r.id',
      columns: select({ ...columnsOf(reportShape, 'r'), user: userColumns('u') }),
      joins: 'join message_report r on r.id = page.id join "user" u on u.id = r.user_id',
    },
    knownSorts(page, sortable),
  )
}
