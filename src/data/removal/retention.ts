// Finds what exceeds an application's retention. Message ids are in the order of age, so the oldest message of a
// channel tells whether there is anything to remove. Indexes: message (channel_id, id, user_id), message_file, channel
// (application_id, created_time), the primary keys.
import { bool, column, int4, int8, jsonb, nullable, select, timestamptz } from '#data/columns.ts'
import { type Db, type Querier, reading } from '#data/database.ts'
import { nextAfter, pageColumns } from '#data/keyset.ts'
import type { QueryRetention, Retention, RetentionPreview } from '#resources/admin/retention.ts'

export async function findRetention(db: Querier, applicationId: number): Promise<Retention> {
  return (await db.one(findStatement, [applicationId])) ?? {}
}

const findStatement = reading(
  'find-retention',
  column(jsonb<Retention>(), 'a.retention'),
  (columns) => `select ${columns} from application a where a.id = $1`,
)

/** Returns applications with a retention limit. */
export function agingApplications(db: Db): Promise<number[]> {
  return db.all(agingStatement, [])
}

const agingStatement = reading(
  'aging-applications',
  column(int8, 'a.id'),
  (columns) => `select ${columns} from application a where a.retention <> '{}' and a.closed_time is null`,
)

/** Returns those, and others with withdrawn messages, not checked in the last hour; marks them as checked. */
export function dueRetentions(db: Db): Promise<number[]> {
  return db.all(dueStatement, [])
}

const dueStatement = reading(
  'due-retentions',
  column(int8, 'a.id'),
  (columns) => `
    update application a set retention_time = chatterie_clock()
    where a.closed_time is null and (a.retention <> '{}' or exists (
        select from channel c where c.application_id = a.id and c.files_removed_through_id > 0))
      and (a.retention_time is null or a.retention_time not between chatterie_clock() - interval '1 hour' and chatterie_clock())
    returning ${columns}`,
)

/** SQL text: the earliest time that retention $2 keeps for a setting; null if it keeps everything. */
export const since = (key: keyof Retention) =>
  `(chatterie_clock() - ($2::jsonb ->> '${key}')::int * interval '1 day')`
/** The same for a message in channel `c`. */
export const keptSince = `case when c.type = 'DIRECT' then ${since('directMessagesDays')} else ${since('messagesDays')} end`
/** The time of the last message of channel `c`, which may have been removed, or not kept in the first place. */
const activeTime = `coalesce(
  greatest((select m.created_time from message m where m.channel_id = c.id order by m.id desc limit 1), c.active_time),
  c.created_time)`
const isInactive = `(${activeTime} < ${since('inactiveChannelsDays')}) is true`

/** Returns what a run would remove now. */
export function previewOf(
  db: Querier,
  applicationId: number,
  retention: Retention | QueryRetention,
): Promise<RetentionPreview> {
  return db.single(previewStatement, [applicationId, JSON.stringify(retention)])
}

const ofOld = `
  channels as materialized (
    select c.id, c.type, ${isInactive} as inactive, ${keptSince} as since
    from channel c where c.application_id = $1
  ), old as materialized (
    select c.type, m.file from channels c join message m on m.channel_id = c.id
    where (c.inactive or m.created_time < c.since or m.file is not null and m.created_time < ${since('filesDays')})
  )`
const previewStatement = reading(
  'preview-retention',
  select({
    time: column(timestamptz, 'chatterie_clock()'),
    messages: column(int8, `(select count(*) from old where type <> 'DIRECT')`),
    directMessages: column(int8, `(select count(*) from old where type = 'DIRECT')`),
    files: column(int8, `(select count(*) from old where file ->> 'key' is not null)`),
    channels: column(int8, `(select count(*) from channels where inactive)`),
  }),
  (columns) => `with ${ofOld} select ${columns}`,
)

/** Returns whether a run would find anything: an inactive channel, or withdrawn messages. */
export function hasRemovable(db: Querier, applicationId: number, retention: Retention): Promise<boolean> {
  return db.single(removableStatement, [applicationId, JSON.stringify(retention)])
}

const removableStatement = reading(
  'has-removable',
  column(
    bool,
    `exists (
      select from channel c where c.application_id = $1 and (
        $2::jsonb ? 'inactiveChannelsDays' and ${isInactive}
        or c.files_removed_through_id > 0 and (
          exists (select from message m where m.channel_id = c.id and m.id <= c.removed_through_id)
          or exists (
            select from message m
            where m.channel_id = c.id and m.file is not null and m.id <= c.files_removed_through_id))))`,
  ),
  (columns) => `select ${columns}`,
)

/** How many channels a batch checks. */
export const channelsMax = 100

export interface AgedInput {
  applicationId: number
  retention: Retention
  /** The id of the channel to continue after. */
  after: number
  limit: number
}

/** SQL text: a CTE `page` with the first channels of application $1 after an id. */
export const pageOfChannels = (after: string, max: string) => `
  page as materialized (
    select c.id, c.type from channel c where c.application_id = $1 and c.id > ${after} order by c.id limit ${max}::int
  )`

/** Returns channels after an id that have been inactive for too long. */
export function inactiveChannels(
  db: Querier,
  { applicationId, retention, after, limit }: AgedInput,
): Promise<number[]> {
  return db.all(inactiveStatement, [applicationId, JSON.stringify(retention), after, limit])
}

const inactiveStatement = reading(
  'inactive-channels',
  column(int8, 'c.id'),
  (columns) => `
    select ${columns} from channel c where c.application_id = $1 and c.id > $3 and ${isInactive}
    order by c.id limit $4::int`,
)

// --------------------------------------------------------------------------------------------- leftovers

/** Removes read spans and threads of deleted messages in a page of channels. @returns the id to continue after */
export async function removeLeftOvers(
  tx: Querier,
  { applicationId, after, limit }: Omit<AgedInput, 'retention'>,
): Promise<number | undefined> {
  const page = await tx.single(leftOversStatement, [applicationId, after, channelsMax, limit])
  return page.gone >= limit ? after : nextAfter(page, channelsMax)
}

// A span visible to the statement belongs to messages that it sees, too, or that have been deleted.
const leftOversStatement = reading(
  'remove-left-overs',
  select({
    ...pageColumns,
    gone: column(int4, 'greatest((select count(*) from spans), (select count(*) from threads))::int'),
  }),
  (columns) => `
    with ${pageOfChannels('$2', '$3')}, oldest as materialized (
      select p.id, (select min(m.id) from message m where m.channel_id = p.id) as from_id from page p
    ), spans as (
      delete from read_span where id = any(array(
        select s.id from oldest o join read_span s on s.channel_id = o.id
        where s.through_id < coalesce(o.from_id, 9223372036854775807) limit $4::int
      )) returning 1
    ), threads as (
      delete from thread where id = any(array(
        select t.id from oldest o join thread t on t.channel_id = o.id and t.type = 'MESSAGE'
        where not exists (select from message m where m.id = t.id)
          and not exists (select from message m where m.thread_id = t.id)
        limit $4::int for update of t skip locked
      )) returning id
    ), uncounted as (
      delete from counter where scope like 'thread.%' and scope_id = any(array(select id from threads))
    )
    select ${columns}`,
)

/**
 * Checks up to `limit` webhook deliveries and function invocations each: deletes deliveries of messages that no longer
 * exist, and clears invocations that received one.
 * @returns the ids to continue after, if any
 */
export async function removeRecordsOfMessages(
  tx: Querier,
  {
    applicationId,
    after,
    limit,
  }: { applicationId: number; after: { delivery: number; invocation: number }; limit: number },
): Promise<{ delivery: number; invocation: number } | undefined> {
  const row = await tx.single(recordsStatement, [applicationId, after.delivery, after.invocation, limit])
  if (row.size < limit) return undefined
  return { delivery: row.delivery ?? after.delivery, invocation: row.invocation ?? after.invocation }
}

const messageOfInvocation = `coalesce(page.args #>> '{message,id}', page.args #>> '{notification,data,message,id}')`
const recordsStatement = reading(
  'remove-records-of-messages',
  select({
    delivery: column(nullable(int8), '(select max(id) from deliveries)'),
    invocation: column(nullable(int8), '(select max(id) from page)'),
    size: column(int4, 'greatest((select count(*) from deliveries), (select count(*) from page))::int'),
  }),
  (columns) => `
    with deliveries as materialized (
      select d.id, d.state, coalesce(d.payload ->> 'messageId', d.payload -> 'message' ->> 'id') as message_id
      from webhook_delivery d
      where d.webhook_id = any(array(select w.id from webhook w where w.application_id = $1)) and d.id > $2
        and (d.type like 'message.%' or d.type like 'reaction.%')
      order by d.id limit $4::int
    ), forgotten as (
      delete from webhook_delivery where id = any(array(
        select d.id from deliveries d where d.message_id is not null and d.state <> 'PENDING'
          and not exists (select from message m where m.id = d.message_id::bigint)))
    ), page as materialized (
      select i.id, i.args from function_invocation i
      where i.function_id = any(array(select f.id from "function" f where f.application_id = $1)) and i.id > $3
      order by i.id limit $4::int
    ), emptied as (
      update function_invocation i set args = '{}', result = '{}', logs = '[]'
      from page where i.id = page.id and i.status <> 'RUNNING' and ${messageOfInvocation} ~ '^\\d+$'
        and not exists (select from message m where m.id = (${messageOfInvocation})::bigint)
    )
    select ${columns}`,
)
