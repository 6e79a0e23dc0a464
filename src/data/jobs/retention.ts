// Deletes old rows in small batches. No batch waits for locks of others or holds its own for longer than its rows take,
// and none waits for the disk: rows that a crash brings back are deleted again.
import { column, int4, int8, nullable, select, text } from '#data/columns.ts'
import { type Db, type Reading, reading } from '#data/database.ts'

/** Kinds of rows that are kept for a number of days. */
export type Kept =
  | 'notifications'
  | 'chatSessions'
  | 'userSessions'
  | 'jobs'
  | 'idempotencyKeys'
  | 'tokens'
  | 'operatorSessions'
  | 'audit'

export const trimBatchMax = 1_000

/** Deletes up to {@link trimBatchMax} rows that ended at least `days` days ago, oldest first. @returns how many */
export function trim(db: Db, kept: Kept, days: number): Promise<number> {
  return db.single(trimStatements[kept], [days, trimBatchMax])
}

const then = `chatterie_clock() - $1::int * interval '1 day'`

/**
 * Deletes the rows that `old` finds and nobody else has locked. The array ensures one index lookup for each row,
 * whatever the planner assumes about the table.
 */
function statement(name: string, table: string, old: string, { key = 'id', rest = '' } = {}) {
  return reading(
    name,
    column(int4, '(select count(*)::int from gone)'),
    (columns) => `
      with lazily as (
        select set_config('synchronous_commit', 'off', true)
      ), gone as (
        delete from ${table} where ${key} = any(array(${old} for update skip locked)) returning *
      )${rest}
      select ${columns} from lazily`,
  )
}

export const trimStatements: Record<Kept, Reading<number>> = {
  // Inserted by the thousand and therefore without an index on their age: their ids are in the order of it.
  notifications: statement(
    'trim-notifications',
    'notification',
    `select n.id from notification n where n.id = any(array(
       select id from (select id, created_time from notification order by id limit $2::int) oldest
       where created_time < ${then}))`,
  ),
  // Index: chat_session_ended. Deleted before their user sessions, whose deletion then cascades to few rows.
  chatSessions: statement(
    'trim-chat-sessions',
    'chat_session',
    `select id from chat_session where state = 'ENDED' and end_time < ${then} order by end_time limit $2::int`,
  ),
  // Indexes: user_session_over, chat_session (session_id). Only looks at the oldest ones, because there may be a
  // backlog of sessions whose chat sessions have yet to be deleted.
  userSessions: statement(
    'trim-user-sessions',
    'user_session',
    `select us.id from user_session us where us.id = any(array(
       select id from user_session where state = 'ENDED' and end_time < ${then} order by end_time limit $2::int))
       and not exists (select from chat_session cs where cs.session_id = us.id)`,
  ),
  // Index: job_ended. The file that an export wrote expires with the job.
  jobs: statement(
    'trim-jobs',
    'job',
    `select id from job where state in ('FINISHED', 'FAILED') and ended_time < ${then}
     order by ended_time limit $2::int`,
    {
      rest: `, unshown as (
        update file set expires_time = chatterie_clock() where id = any(array(select file_id from gone))
      )`,
    },
  ),
  // Index: idempotency_key (created_time). Keys are never updated, so their ctid does not change.
  idempotencyKeys: statement(
    'trim-idempotency-keys',
    'idempotency_key',
    `select ctid from idempotency_key where created_time < ${then} order by created_time limit $2::int`,
    { key: 'ctid' },
  ),
  // Index: access_token (expires_time).
  tokens: statement(
    'trim-tokens',
    'access_token',
    `select hash from access_token where expires_time < ${then} order by expires_time limit $2::int`,
    { key: 'hash' },
  ),
  // Index: operator_session (expires_time).
  operatorSessions: statement(
    'trim-operator-sessions',
    'operator_session',
    `select hash from operator_session where expires_time < ${then} order by expires_time limit $2::int`,
    { key: 'hash' },
  ),
  // Index: audit_entry (created_time).
  audit: statement(
    'trim-audit',
    'audit_entry',
    `select id from audit_entry where created_time < ${then} order by created_time limit $2::int`,
  ),
}

/** A position in the counters, which are ordered by scope and id. */
export interface CounterPlace {
  scope: string
  scopeId: number
}

/**
 * Checks the counters after a position and deletes those whose owner no longer exists. Events in the outbox may create
 * one again, which the next round then deletes.
 * @returns the position to continue from, or undefined at the end
 */
export async function trimCounters(db: Db, after?: CounterPlace): Promise<CounterPlace | undefined> {
  const page = await db.single(counterStatement, [after?.scope ?? '', after?.scopeId ?? 0, trimBatchMax])
  const { scope, scopeId, size } = page
  if (scope === null || scopeId === null || size < trimBatchMax) return undefined
  return { scope, scopeId }
}

/** Scopes begin with the name of the owner's table. */
const isOwned = ['application', 'channel', 'thread', 'function']
  .map((owner) => `when '${owner}' then exists (select from "${owner}" o where o.id = page.scope_id)`)
  .join('\n        ')

const counterStatement = reading(
  'trim-counters',
  select({
    scope: column(nullable(text), 'scope'),
    scopeId: column(nullable(int8), 'scope_id'),
    size: column(int4, '(select count(*)::int from page)'),
  }),
  (columns) => `
    with lazily as (
      select set_config('synchronous_commit', 'off', true)
    ), page as materialized (
      select scope, scope_id from counter where (scope, scope_id) > ($1::text, $2::bigint)
      order by scope, scope_id limit $3::int
    ), stray as materialized (
      select scope, scope_id from page where not case split_part(scope, '.', 1)
        ${isOwned}
        else true end
    ), gone as (
      delete from counter where (scope, scope_id) in (
        select c.scope, c.scope_id from counter c join stray using (scope, scope_id) for update of c skip locked
      )
    )
    select ${columns} from lazily left join page on true
    order by scope desc, scope_id desc limit 1`,
)
