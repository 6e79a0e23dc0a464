// Connecting users: lookup, and start or resumption of their sessions. Concurrent ones are grouped into one statement,
// because a crowd that reconnects after a restart would otherwise cause thousands of transactions. Indexes: the unique
// keys of application, user_name_key, the primary key of user_ban, user_session (key).

import { type ConnectRules, connectRulesColumns } from '#data/applications/connect-rules.ts'
import { bool, type Columns, column, columnsOf, int8, joined, mapped, select, uuid } from '#data/columns.ts'
import { type Querier, reading, readingByKey, type Tx } from '#data/database.ts'
import { keptMinutes } from '#data/events/limits.ts'
import { authorColumns, userColumns } from '#data/rows.ts'
import { banColumns, banOf } from '#data/users/bans.ts'
import { resumableShape, type SessionRow } from '#data/users/connections.ts'
import type { Ban } from '#resources/admin/moderation.ts'
import type { User } from '#resources/user.ts'

/** What a connecting client claims. The keys must be UUIDs; other values are treated as absent. */
export interface ConnectClaims {
  apiKey: string
  username: string
  /** The key of the client's earlier session. */
  resume?: string | undefined
}

/** A session that can be resumed, or the reason why it cannot. */
export type Resumable = SessionRow | 'too late' | 'user deleted'

/** What the database has about a connecting client. */
export interface Found {
  application: ConnectRules | undefined
  user: User | undefined
  /** The user's ban that is in force. */
  ban: Ban | undefined
  /** Undefined if the user has no session with this key. */
  resumable: Resumable | undefined
}

const resumableColumns: Columns<Resumable | undefined> = mapped(
  joined(
    select({
      ...columnsOf(resumableShape, 'us'),
      user: userColumns('owner'),
      isInTime: column(
        bool,
        `coalesce((us.state = 'ACTIVE' and us.detached_time is null)
                  or us.detached_time > chatterie_clock() - interval '${keptMinutes} minutes', false)`,
      ),
      isUserDeleted: column(bool, 'owner.deleted_time is not null'),
    }),
  ),
  (found) => {
    if (!found) return undefined
    const { vouched, isInTime, isUserDeleted, ...session } = found
    if (isUserDeleted) return 'user deleted'
    return isInTime ? { ...session, isVouched: vouched } : 'too late'
  },
)

/** Returns what is found for each client, in order. */
export function findClaimants(db: Querier, claims: ConnectClaims[]): Promise<Found[]> {
  return db.all(findStatement, [
    claims.map(({ apiKey }) => apiKey),
    claims.map(({ username }) => username),
    claims.map(({ resume }) => resume ?? null),
  ])
}

// Lateral joins, so that each client takes a few index lookups whatever number the planner expects.
const findStatement = readingByKey(
  'find-claims',
  select({
    application: joined(connectRulesColumns),
    user: authorColumns('u'),
    ban: joined(banColumns),
    resumable: resumableColumns,
  }),
  (columns) => `
      select ${columns}
      from unnest($1::uuid[], $2::text[], $3::uuid[]) with ordinality i (key, username, resume, place)
      left join lateral (
        select * from application where closed_time is null and key = i.key limit 1
      ) a on true
      left join lateral (
        select * from "user" where application_id = a.id and name = i.username and deleted_time is null limit 1
      ) u on true
      left join lateral (select b.* from ${banOf('u.id')} limit 1) b on true
      left join lateral (
        select us.* from user_session us join "user" known on known.id = us.user_id and known.name = i.username
        where us.key = i.resume and us.application_id = a.id limit 1
      ) us on true
      left join lateral (select * from "user" where id = us.user_id limit 1) owner on true
      order by i.place`,
)

/** A user who requests their own resource. */
export interface OwnUser {
  applicationId: number
  userId: number
}

/** Returns the user of each request, in order; undefined for a deleted user. */
export function findOwnUsers(db: Querier, wanted: OwnUser[]): Promise<(User | undefined)[]> {
  return db.all(ownUsersStatement, [
    wanted.map(({ applicationId }) => applicationId),
    wanted.map(({ userId }) => userId),
  ])
}

const ownUsersStatement = readingByKey(
  'find-own-users',
  authorColumns('u'),
  (columns) => `
      select ${columns}
      from unnest($1::bigint[], $2::bigint[]) with ordinality i (application_id, user_id, place)
      left join lateral (
        select * from "user"
        where id = i.user_id and application_id = i.application_id and deleted_time is null limit 1
      ) u on true
      order by i.place`,
)

/** A session to be inserted; its user must be locked. */
export interface NewSession {
  applicationId: number
  userId: number
  key: string
  userAgent: string | undefined
  isVouched: boolean
}

/** A session that has been started or resumed. */
export interface Arrived {
  id: number
  key: string
  /** The session has received all events up to this position of the log. */
  ackedPosition: number
  /** Whether the session changed its user from offline to online. */
  cameOnline: boolean
}

/** Inserts sessions of this process. @returns the sessions of users who are not banned */
export function insertSessions(tx: Tx, node: number, sessions: NewSession[]): Promise<Arrived[]> {
  if (sessions.length === 0) return Promise.resolve([])
  return tx.all(insertStatement, [
    node,
    sessions.map(({ applicationId }) => applicationId),
    sessions.map(({ userId }) => userId),
    sessions.map(({ key }) => key),
    sessions.map(({ userAgent }) => userAgent ?? null),
    sessions.map(({ isVouched }) => isVouched),
  ])
}

/** Moves sessions to this process; their users must be locked. @returns the sessions of users who are not banned */
export function resumeSessions(
  tx: Tx,
  node: number,
  sessions: { id: number; isVouched: boolean }[],
): Promise<Arrived[]> {
  if (sessions.length === 0) return Promise.resolve([])
  return tx.all(resumeStatement, [
    node,
    sessions.map(({ id }) => id),
    sessions.map(({ isVouched }) => isVouched),
  ])
}

/** Keeps a presence status that the user has chosen; only UNAVAILABLE becomes AVAILABLE. */
const arriving = (name: string, arrived: string) =>
  reading(
    name,
    select({
      ...columnsOf({ id: int8, key: uuid, ackedPosition: int8 }, 'arrived'),
      cameOnline: column(bool, 'online.id is not null'),
    }),
    (columns) => `
      with arrived as (${arrived} returning us.id, us.user_id, us.key, us.acked_position), online as (
        update "user" u set presence_online = true,
          presence_status = case presence_status when 'UNAVAILABLE' then 'AVAILABLE' else presence_status end
        where u.id in (select user_id from arrived) and not u.presence_online
        returning u.id
      )
      select ${columns} from arrived left join online on online.id = arrived.user_id order by arrived.id`,
  )

const insertStatement = arriving(
  'insert-user-sessions',
  `insert into user_session as us (application_id, user_id, key, user_agent, node, acked_position, vouched)
   select i.application_id, i.user_id, i.key, i.user_agent, $1::bigint,
          coalesce((select max(position) from event_log), 0), i.vouched
   from unnest($2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::boolean[])
     with ordinality i (application_id, user_id, key, user_agent, vouched, place)
   where not exists (select from ${banOf('i.user_id')}) order by i.place`,
)
const resumeStatement = arriving(
  'resume-user-sessions',
  `update user_session us set
     state = 'ACTIVE', end_time = null, detached_time = null, topics = null, node = $1, vouched = i.vouched
   from unnest($2::bigint[], $3::boolean[]) i (id, vouched)
   where us.id = i.id and not exists (select from ${banOf('us.user_id')})`,
)
