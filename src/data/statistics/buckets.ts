// Statistics of applications by hour and day, in UTC.
import { column, columnsOf, int4, int8, jsonb, oneOf, select, timestamptz } from '#data/columns.ts'
import { type Db, type Querier, reading } from '#data/database.ts'
import type { Interval } from '#resources/admin/statistics.ts'

export interface DueBucket {
  interval: Interval
  start: string
}

/** A bucket is final this many minutes after its end, because no statement takes longer. */
const graceMinutes = 5

/** Returns the buckets to aggregate next: the current ones first, then those that are left, newest first. */
export async function findDueBuckets(db: Db, limit: number): Promise<DueBucket[]> {
  await db.run(noteStatement, [])
  return db.all(dueStatement, [limit])
}

const noteStatement = {
  name: 'note-due-statistics',
  text: `
    insert into statistics_due (interval, start)
    select i.interval::statistics_interval, date_trunc(i.interval, chatterie_clock(), 'UTC')
    from (values ('hour'), ('day')) i (interval) on conflict do nothing`,
}
/** Days are aggregated less often because they take longer. */
const dueStatement = reading(
  'find-due-statistics',
  select(columnsOf({ interval: oneOf<Interval>(), start: timestamptz }, 'd')),
  (columns) => `
    select ${columns} from statistics_due d
    where d.folded_time is null
      or d.folded_time < chatterie_clock() - (case d.interval when 'hour' then interval '30 seconds' else interval '10 minutes' end)
    order by d.start desc, d.interval limit $1`,
)

/** Aggregates a bucket for all applications at once. @returns the number of applications with activity in it */
export async function foldBucket(db: Querier, { interval, start }: DueBucket): Promise<number> {
  const folded = await db.single(foldStatement, [interval, start])
  await db.run(doneStatement, [interval, start])
  return folded
}

const within = (alias: string) =>
  `${alias}.created_time >= $2::timestamptz and ${alias}.created_time < $2::timestamptz + ('1 ' || $1)::interval`

/** Indexes: message (created_time), user (created_time), user_session (created_time). */
const foldStatement = reading(
  'fold-statistics',
  column(int4, '(select count(*)::int from folded)'),
  (columns) => `
    with sent as materialized (
      select m.application_id, m.user_id, count(*) as messages from message m where ${within('m')} group by 1, 2
    ), began as materialized (
      select us.application_id, us.user_id, count(*) as connections from user_session us
      where ${within('us')} group by 1, 2
    ), came as (
      select u.application_id, count(*) as users from "user" u where ${within('u')} group by 1
    ), active as (
      select application_id, count(*) as users from (
        select application_id, user_id from sent where user_id is not null
        union select application_id, user_id from began
      ) a group by 1
    ), folded as (
      insert into statistics_bucket
        (application_id, interval, start, messages, active_users, new_users, connections)
      select a.id, $1::statistics_interval, $2::timestamptz,
             coalesce((select sum(s.messages) from sent s where s.application_id = a.id), 0),
             coalesce((select n.users from active n where n.application_id = a.id), 0),
             coalesce((select c.users from came c where c.application_id = a.id), 0),
             coalesce((select sum(b.connections) from began b where b.application_id = a.id), 0)
      from application a
      where a.id in (
        select application_id from sent union select application_id from began union select application_id from came)
      on conflict (application_id, interval, start) do update set
        messages = excluded.messages, active_users = excluded.active_users, new_users = excluded.new_users,
        connections = excluded.connections
      returning 1
    )
    select ${columns}`,
)
const doneStatement = {
  name: 'statistics-folded',
  text: `
    with over as (
      delete from statistics_due where interval = $1::statistics_interval and start = $2::timestamptz
        and start + ('1 ' || $1)::interval < chatterie_clock() - interval '${graceMinutes} minutes'
    )
    update statistics_due set folded_time = chatterie_clock()
    where interval = $1::statistics_interval and start = $2::timestamptz
      and start + ('1 ' || $1)::interval >= chatterie_clock() - interval '${graceMinutes} minutes'`,
}

export interface BucketRequest {
  applicationId: number
  interval: Interval
  /** ISO 8601; the first bucket is the one that contains this time. */
  from: string
  /** ISO 8601, exclusive. */
  to: string
}

/** Returns the buckets of a period, including empty ones. */
export function listBuckets(db: Db, { applicationId, interval, from, to }: BucketRequest) {
  return db.all(bucketsStatement, [applicationId, interval, from, to])
}

const bucketsStatement = reading(
  'list-statistics',
  select({
    start: column(timestamptz, 's.start'),
    messages: column(int8, 'coalesce(b.messages, 0)'),
    activeUsers: column(int8, 'coalesce(b.active_users, 0)'),
    newUsers: column(int8, 'coalesce(b.new_users, 0)'),
    connections: column(int8, 'coalesce(b.connections, 0)'),
  }),
  (columns) => `
    select ${columns}
    from generate_series(
      date_trunc($2::text, $3::timestamptz, 'UTC'), $4::timestamptz - interval '1 ms', ('1 ' || $2)::interval
    ) s (start)
    left join statistics_bucket b
      on b.application_id = $1 and b.interval = $2::statistics_interval and b.start = s.start
    order by s.start`,
)

/** Returns the requests of the same period, hour by hour. */
export function listRequestHours(db: Db, { applicationId, interval, from, to }: BucketRequest) {
  return db.all(requestsStatement, [applicationId, interval, from, to])
}

const requestsStatement = reading(
  'list-request-hours',
  select({
    /** The start of the bucket that contains the hour. */
    start: column(timestamptz, `date_trunc($2::text, r.start, 'UTC')`),
    requests: column(int8, 'r.requests'),
    errors: column(int8, 'r.errors'),
    durations: column(jsonb<number[]>(), 'to_jsonb(r.durations)'),
  }),
  (columns) => `
    select ${columns} from request_hour r
    where r.application_id = $1 and r.start >= date_trunc($2::text, $3::timestamptz, 'UTC')
      and r.start < $4::timestamptz`,
)

/** Requests of an application to this process that have not been added to the statistics yet. */
export interface AskedNow {
  applicationId: number
  requests: number
  /** How many of the requests were answered with 4xx or 5xx. */
  errors: number
  durations: number[]
}

/** Adds requests to the present hour. */
export async function addRequests(db: Db, asked: AskedNow[]): Promise<void> {
  if (asked.length > 0) await db.run(addStatement, [JSON.stringify(asked)])
}

const addStatement = {
  name: 'add-requests',
  text: `
    insert into request_hour as r (application_id, start, requests, errors, durations)
    select a.id, date_trunc('hour', chatterie_clock(), 'UTC'), n.requests, n.errors,
           array(select jsonb_array_elements_text(n.durations)::int)
    from jsonb_to_recordset($1::jsonb) n ("applicationId" bigint, requests bigint, errors bigint, durations jsonb)
    join application a on a.id = n."applicationId" order by a.id
    on conflict (application_id, start) do update set
      requests = r.requests + excluded.requests, errors = r.errors + excluded.errors,
      durations = array(
        select coalesce(one, 0) + coalesce(other, 0)
        from unnest(r.durations, excluded.durations) with ordinality d (one, other, place) order by place)`,
}

/** Returns how many sessions of an application are connected. Index: user_session_active. */
export function countConnections(db: Db, applicationId: number): Promise<number> {
  return db.single(connectionsStatement, [applicationId])
}

const connectionsStatement = reading(
  'count-connections',
  column(int8, 'count(*)'),
  (columns) => `
    select ${columns} from user_session
    where application_id = $1 and state = 'ACTIVE' and detached_time is null`,
)
