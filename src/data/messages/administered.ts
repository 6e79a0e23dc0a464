// Messages and reports as moderators see them.
import {
  type Columns,
  column,
  columnsOf,
  int8,
  joined,
  jsonb,
  mapped,
  nullable,
  oneOf,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, type Querier, reading, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { type KeysetRequest, listKeyset, listKeysetOfPeriod } from '#data/keyset.ts'
import { containing } from '#data/lists.ts'
import { withDetails } from '#data/messages/message-details.ts'
import { isKept, isKeptIn, isKeptOf } from '#data/removal/kept-messages.ts'
import { authorColumns, messageColumns } from '#data/rows.ts'
import type { ListPart } from '#resources/admin/list.ts'
import type { Report, ReportState, Resolution } from '#resources/admin/moderation.ts'
import type { Message } from '#resources/message.ts'

const { sql, raw } = Prisma

export interface AdminMessageFilters {
  /** Text that the body must contain; the case is ignored. */
  query?: string | undefined
  /** The author's name. */
  username?: string | undefined
  /** An id or a name of a channel. An id takes precedence over a name that looks like one. */
  channel?: string | undefined
  /** ISO 8601, inclusive. */
  from?: string | undefined
  /** ISO 8601, exclusive. */
  to?: string | undefined
}

/**
 * Lists messages, newest first: by id, or by time for a period, as ids of moved messages are newer than their times.
 * Indexes: message (application_id, id), (channel_id, id, user_id), (user_id, id), (created_time), message_body_trgm.
 */
export async function listAdministeredMessages(
  db: Db,
  applicationId: number,
  { query, username, channel, from, to }: AdminMessageFilters,
  request: KeysetRequest,
  now: number,
): Promise<ListPart<Message>> {
  const where = [
    sql`m.application_id = ${applicationId}::bigint`,
    raw(isKeptOf(String(BigInt(applicationId)), 'm')),
    ...(query === undefined ? [] : [sql`m.body ilike ${containing(query)}`]),
    ...(username === undefined
      ? []
      : [
          sql`m.user_id = (
            select a.id from "user" a
            where a.application_id = ${applicationId}::bigint and a.name = ${username} and a.deleted_time is null)`,
        ]),
    ...(channel === undefined
      ? []
      : [
          sql`m.channel_id = (
            select c.id from channel c
            where c.application_id = ${applicationId}::bigint and (c.id::text = ${channel} or c.name = ${channel})
            order by c.id::text <> ${channel} limit 1)`,
        ]),
  ]
  const list = {
    from: sql`message m left join "user" u on u.id = m.user_id`,
    where,
    descending: true,
    columns: messageColumns('m', 'u'),
  }
  const part =
    from === undefined && to === undefined
      ? await listKeyset(db, { ...list, key: [['m.id', 'bigint']] }, request)
      : await listKeysetOfPeriod(
          db,
          {
            ...list,
            key: [
              ['m.created_time', 'timestamptz'],
              ['m.id', 'bigint'],
            ],
          },
          { from, to },
          now,
          request,
        )
  return { ...part, items: await withDetails(db, part.items) }
}

/** Returns the messages of a channel around one of them, oldest first: up to `each` on both sides. */
export async function listAround(
  db: Db,
  { channelId, id, each }: { channelId: number; id: number; each: number },
): Promise<Message[]> {
  return withDetails(db, await db.all(aroundStatement, [channelId, id, each]))
}

const aroundStatement = reading(
  'messages-around',
  messageColumns('m', 'u'),
  (columns) => `
    select ${columns} from (
      (select * from message m where channel_id = $1 and id <= $2 and ${isKeptIn('$1', 'm')} order by id desc limit $3::int + 1)
      union all
      (select * from message m where channel_id = $1 and id > $2 and ${isKeptIn('$1', 'm')} order by id limit $3::int)
    ) m left join "user" u on u.id = m.user_id order by m.id`,
)

// ------------------------------------------------------------------------------------------ reports

interface ReportRow extends Omit<Report, 'message'> {
  message: Parameters<typeof withDetails>[1][number] | undefined
}

/** The columns of reports `r`, each with its message `m`, the author of that, and the reporter. */
const reportColumns: Columns<ReportRow> = mapped(
  select({
    ...columnsOf(
      {
        id: int8,
        reason: text,
        properties: jsonb<Report['properties']>(),
        messageId: int8,
        channelId: int8,
        createdTime: timestamptz,
        resolution: nullable(oneOf<Resolution>()),
        resolvedBy: nullable(text),
        resolvedTime: nullable(timestamptz),
      },
      'r',
    ),
    reporter: authorColumns('reporter'),
    message: joined(messageColumns('m', 'author')),
  }),
  ({ resolution, resolvedBy, resolvedTime, reporter, ...row }) => ({
    ...row,
    state: resolution === null ? ('open' as const) : ('resolved' as const),
    ...(reporter && { reporter }),
    ...(resolution !== null &&
      resolvedBy !== null &&
      resolvedTime !== null && { resolution: { action: resolution, by: resolvedBy, time: resolvedTime } }),
  }),
)

const open = `
  (select mr.id, mr.reason, mr.properties, mr.message_id, mm.channel_id, mr.created_time, mm.application_id,
          mr.user_id, null::resolution as resolution, null::text as resolved_by, null::timestamptz as resolved_time
   from message_report mr join message mm on mm.id = mr.message_id
   where ${isKept('mm')})`
const resolved = `
  (select id, reason, properties, message_id, channel_id, created_time, application_id, user_id, resolution, resolved_by,
          resolved_time from resolved_report)`
const joins = `
  left join message m on m.id = r.message_id left join "user" author on author.id = m.user_id
  left join "user" reporter on reporter.id = r.user_id`
const sources: Record<ReportState | 'any', string> = {
  open: `${open} r ${joins}`,
  resolved: `${resolved} r ${joins}`,
  any: `(select * from ${open} o union all select * from ${resolved} d) r ${joins}`,
}

/** Lists reports, newest first. */
export async function listReportRows(
  db: Db,
  applicationId: number,
  state: ReportState | undefined,
  request: KeysetRequest,
): Promise<ListPart<Report>> {
  const part = await listKeyset(
    db,
    {
      from: raw(sources[state ?? 'any']),
      where: [sql`r.application_id = ${applicationId}::bigint`],
      key: [['r.id', 'bigint']],
      descending: true,
      columns: reportColumns,
    },
    request,
  )
  return { ...part, items: await withMessages(db, part.items) }
}

export async function findReport(db: Db, applicationId: number, id: number): Promise<Report | undefined> {
  const row = await db.one(findReportStatement, [applicationId, id])
  return row && (await withMessages(db, [row]))[0]
}

const findReportStatement = reading(
  'find-report',
  reportColumns,
  (columns) => `select ${columns} from ${sources.any} where r.application_id = $1 and r.id = $2`,
)

async function withMessages(db: Db, rows: ReportRow[]): Promise<Report[]> {
  await withDetails(
    db,
    rows.flatMap(({ message }) => message ?? []),
  )
  return rows.map(({ message, ...row }) => ({ ...row, ...(message && { message }) }))
}

/** Returns the message id of an open report and locks the message until the transaction ends. */
export function lockReported(
  tx: Querier,
  applicationId: number,
  reportId: number,
): Promise<number | undefined> {
  return tx.one(lockReportedStatement, [applicationId, reportId])
}

const lockReportedStatement = reading(
  'lock-reported-message',
  column(int8, 'm.id'),
  (columns) => `
    select ${columns} from message_report r join message m on m.id = r.message_id
    where r.id = $2 and m.application_id = $1 and ${isKept('m')} for update of m`,
)

/** Moves all open reports of a message to the resolved ones. @returns how many there were */
export function resolveReports(
  tx: Tx,
  messageId: number,
  resolution: Resolution,
  resolvedBy: string,
): Promise<number> {
  return tx.run(resolveStatement, [messageId, resolution, resolvedBy])
}

const resolveStatement = {
  name: 'resolve-reports',
  text: `
    with gone as (
      delete from message_report where message_id = $1 returning *
    ), uncounted as (
      update message set report_count = 0 where id = $1
    )
    insert into resolved_report
      (id, application_id, channel_id, message_id, author_id, user_id, reason, properties, created_time, resolution,
       resolved_by)
    select g.id, m.application_id, m.channel_id, m.id, m.user_id, g.user_id, g.reason, g.properties, g.created_time,
           $2::resolution, $3
    from gone g join message m on m.id = g.message_id`,
}
