// Forgets what is too old, a small batch at a time. No batch waits for a lock that another holds, none holds one for
// longer than its own rows take, and none waits for the disk: what a crash brings back is forgotten again.
import { column, int4, int8, nullable, select, text } from '#data/columns.ts'
import { type Db, type Reading, reading } from '#data/database.ts'

/** What is kept for a number of days. */
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

/** Forgets up to {@link trimBatchMax} of those that are over for so many days, the oldest first. @returns how many */
export function trim(db: Db, kept: Kept, days: number): Promise<number> {
  return db.single(trimStatements[kept], [days, trimBatchMax])
}

const then = `chatterie_clock() - $1::int * interval '1 day'`

/**
 * Deletes what `old` finds and nobody else holds. The array makes sure of one look at an index for each row, whatever
 * the planner believes of the table.
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
  // Written by the thousand, so without an index of their own: they are numbered in the order of their age.
  notifications: statement(
    'trim-notifications',
    'notification',
    `select n.id from notification n where n.id = any(array(
       select id from (select id, created_time from notification order by id limit $2::int) oldest
       where created_time < ${then}))`,
  ),
  // Index: chat_session_ended. Before their user sessions, so that one of these takes few rows with it.
  chatSessions: statement(
    'trim-chat-sessions',
    'chat_session',
    `select id from chat_session where state = 'ENDED' and end_time < ${then} order by end_time limit $2::int`,
  ),
  // Indexes: user_session_over, chat_session (session_id). Only the oldest are looked at: behind them there may be a
  // backlog of sessions whose chat sessions are still to go.
  userSessions: statement(
    'trim-user-sessions',
    'user_session',
    `select us.id from user_session us where us.id = any(array(
       select id from user_session where state = 'ENDED' and end_time < ${then} order by end_time limit $2::int))
       and not exists (select from chat_session cs where cs.session_id = us.id)`,
  ),
  // Index: job_ended. The file that an export wrote goes with it.
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
  // Index: idempotency_key (created_time). The keys are never updated, so they stay where they are.
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

/** A place among the counters, in their order. */
export interface CounterPlace {
  scope: string
  scopeId: number
}

/**
 * Looks at the counters behind a place, and forgets those whose owner is gone: what still waits in the outbox may
 * write them again, for the next round to find.
 * @returns the place to go on from; undefined at the end
 */
export async function trimCounters(db: Db, after?: CounterPlace): Promise<CounterPlace | undefined> {
  const page = await db.single(counterStatement, [after?.scope ?? '', after?.scopeId ?? 0, trimBatchMax])
  const { scope, scopeId, size } = page
  if (scope === null || scopeId === null || size < trimBatchMax) return undefined
  return { scope, scopeId }
}

/** Owners are named as their tables are. */
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
