// Runs of functions: those that wait for their turn, and the record of all.
import { type Columns, column, columnsOf, int4, int8, jsonb, nullable, select } from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'
import { nodeLives } from '#data/events/node.ts'
import { inList } from '#data/sql/in-list.ts'
import { type EventPayload, events, eventsWhere } from '#resources/events.ts'
import { blockingType, type FunctionLog, FunctionType } from '#resources/function.ts'

// ------------------------------------------------------------------------------------------- asking

/** SQL text: which functions each event asks for. */
const setOff = FunctionType.options.flatMap((type) => {
  const byUser = eventsWhere(({ functions: f }) => f?.byUser === type && !f.isAskedBefore)
  const bySystem = eventsWhere(({ functions: f }) => f?.bySystem === type && !f.isAskedBefore)
  const when = (types: ReadonlySet<string>, has: string) =>
    types.size === 0
      ? []
      : [`when t.type in ${inList(types)} and t.payload ->> 'userId' is ${has} then '${type}'`]
  return [...when(byUser, 'not null'), ...when(bySystem, 'null')]
})

/**
 * SQL text for parts of a statement that has taken events as `taken`: `asked` has a run for each event and each
 * function that it concerns. Applications without such functions are out after one look at an index.
 */
export const askFunctionsParts = `
  listening as materialized (
    select f.id, f.application_id, f.type
    from (select distinct application_id from taken) a join "function" f on f.application_id = a.application_id
    where f.enabled and f.current_version_number > 0 and f.type <> '${blockingType}'
  ), asked as (
    insert into function_run (application_id, function_id, channel_id, payload)
    select t.application_id, f.id, t.channel_id, t.payload - 'session' - 'receipt'
    from listening f join taken t on t.application_id = f.application_id and f.type = case
      ${setOff.join('\n      ')}
    end
    order by t.id, f.id
    returning 1
  )`

/** The same for notifications that were `written`, of the messages in `told`. */
export const askOfNotificationsParts = `
  asked as (
    insert into function_run (application_id, function_id, payload)
    select f.application_id, f.id, jsonb_build_object(
             'notificationId', w.id, 'userId', w.recipient_id, 'userHasActiveSession', exists (
               select from user_session us where us.user_id = w.recipient_id and us.state = 'ACTIVE'))
    from written w join told on told.id = w.message_id
    join "function" f on f.application_id = told.application_id and f.type = '${events['notification.created'].functions.byUser}'
      and f.enabled and f.current_version_number > 0
    order by w.id, f.id
    returning 1
  )`

// ------------------------------------------------------------------------------------------- taking

/** A run that this process has taken. */
export interface TakenRun {
  id: number
  functionId: number
  applicationId: number
  channelId: number | null
  payload: EventPayload
  /** This one included. */
  attempts: number
}

/** How many runs may be begun. */
export interface Capacity {
  /** How many runs of each application are under way here. */
  busy: ReadonlyMap<number, number>
  /** Of one application at once. */
  perApplication: number
  /** Of all, now. */
  total: number
}

export const runShape = {
  id: int8,
  functionId: int8,
  applicationId: int8,
  channelId: nullable(int8),
  payload: jsonb<EventPayload>(),
  attempts: int4,
}
const runColumns: Columns<TakenRun> = select(columnsOf(runShape, 't'))

/**
 * Takes runs that are due, oldest first, from one application after the other, so that none waits for what is slow
 * in another. A process that dies gives them back; see {@link giveBackOrphans}.
 */
export function takeRuns(
  db: Db,
  { node, busy, perApplication, total }: Capacity & { node: number },
): Promise<TakenRun[]> {
  return db.all(takeStatement, [node, [...busy.keys()], [...busy.values()], perApplication, total])
}

// Applications are found by jumping from one to the next in the index of what waits, however much that is. No commit
// here waits for the disk: what a crash of Postgres loses is done again.
const lazily = `lazily as materialized (select set_config('synchronous_commit', 'off', true))`
const takeStatement = reading(
  'take-function-runs',
  runColumns,
  (columns) => `
    with recursive ${lazily}, application as (
      (select application_id as id from function_run where node is null order by application_id limit 1)
      union all
      select (select r.application_id from function_run r
              where r.node is null and r.application_id > a.id order by r.application_id limit 1)
      from application a where a.id is not null
    ), due as (
      select due.id from application a
      left join unnest($2::bigint[], $3::int[]) busy (id, runs) on busy.id = a.id
      cross join lateral (
        select locked.id, row_number() over (order by locked.due_time, locked.id) as place from (
          select w.id, w.due_time from function_run w
          where w.application_id = a.id and w.node is null and w.due_time <= now()
          order by w.due_time, w.id limit least($5::int, greatest(0, $4::int - coalesce(busy.runs, 0)))
          for update skip locked
        ) locked
      ) due
      where a.id is not null
      order by coalesce(busy.runs, 0) + due.place, due.id limit $5::int
    ), taken as (
      update function_run r set node = $1, attempts = attempts + 1 from due where r.id = due.id returning r.*
    )
    select ${columns} from lazily, taken t order by t.id`,
)

/** Forgets runs that there is nothing to do for: of functions that are gone, or about what is gone. */
export async function dropRuns(db: Db, ids: number[]): Promise<void> {
  await db.run(dropStatement, [ids])
}

const dropStatement = {
  name: 'drop-function-runs',
  text: 'delete from function_run where id = any($1::bigint[])',
}

/** Gives back what this process has taken, but for what it is at. */
export async function giveBackRuns(db: Db, node: number, but: number[]): Promise<void> {
  await db.run(giveBackStatement, [node, but])
}

const giveBackStatement = {
  name: 'give-back-function-runs',
  text: 'update function_run set node = null where node = $1 and id <> all($2::bigint[])',
}

/** Gives back what processes had taken that are gone, and ends the record of what they were at. */
export async function giveBackOrphans(db: Db): Promise<void> {
  await db.run(orphansStatement, [JSON.stringify(interrupted)])
}

const interrupted = { error: { name: 'InterruptedError', message: 'The server stopped while this ran' } }
const orphansStatement = {
  name: 'give-back-orphaned-function-runs',
  text: `
    with ended as (
      update function_invocation i set status = 'FAILED', result = $1::jsonb
      where i.status = 'RUNNING' and not ${nodeLives('i.node')}
    )
    update function_run r set node = null where r.node is not null and not ${nodeLives('r.node')}`,
}

// ---------------------------------------------------------------------------------------- recording

export interface NewInvocation {
  functionId: number
  versionNumber: number
  args: Record<string, unknown>
}

/** Records runs that begin. @returns their ids, in order */
export function beginInvocations(db: Db, node: number, runs: NewInvocation[]): Promise<number[]> {
  return db.all(beginStatement, [
    node,
    runs.map(({ functionId }) => functionId),
    runs.map(({ versionNumber }) => versionNumber),
    runs.map(({ args }) => JSON.stringify(storable(args))),
  ])
}

const beginStatement = reading(
  'begin-invocations',
  column(int8, 'begun.id'),
  (columns) => `
    with ${lazily}, given as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::text[]) with ordinality g (function_id, version_number, args, place)
    ), begun as (
      insert into function_invocation (function_id, version_number, args, node)
      select function_id, version_number, args::jsonb, $1 from given order by place
      returning id
    ), counted as (
      insert into counter (scope, scope_id, value)
      select 'function.invocations', function_id, count(*) from given group by function_id order by function_id
      on conflict (scope, scope_id) do update set value = counter.value + excluded.value
    )
    select ${columns} from lazily, begun order by begun.id`,
)

export interface EndedInvocation {
  id: number
  status: 'SUCCEEDED' | 'FAILED'
  result: Record<string, unknown>
  logs: FunctionLog[]
  durationMs: number
  /** Texts that must not be kept; letters, digits, `-` and `_`. */
  secrets?: string[]
  /** The run that asked for it: done with it, or to be tried again after so long. */
  run?: { id: number; retryMs?: number }
}

/** Records how a run ended, and what becomes of it, in one commit. */
export async function endInvocation(db: Db, ended: EndedInvocation): Promise<void> {
  const { id, status, result, logs, durationMs, secrets = [], run } = ended
  const toText = (value: unknown) =>
    secrets.reduce((text, secret) => text.replaceAll(secret, () => '***'), JSON.stringify(storable(value)))
  await db.run(endStatement, [
    id,
    status,
    toText(result),
    toText(logs),
    Math.round(durationMs),
    run?.id ?? null,
    run?.retryMs ?? null,
  ])
}

const endStatement = {
  name: 'end-invocation',
  text: `
    with ${lazily}, ended as (
      update function_invocation
      set status = $2::invocation_status, result = $3::jsonb, logs = $4::jsonb, duration_ms = $5 where id = $1
    ), done as (
      delete from function_run where id = $6 and $7::int is null
    ), again as (
      update function_run set node = null, due_time = now() + $7::int * interval '1 millisecond'
      where id = $6 and $7::int is not null
    )
    select from lazily`,
}

/** Forgets a batch of what ran too long ago. @returns how many */
export function deleteOldInvocations(db: Db, days: number): Promise<number> {
  return db.single(forgetStatement, [days, forgottenMax])
}

const forgottenMax = 5_000
const forgetStatement = reading(
  'forget-invocations',
  column(int8, 'count(*)'),
  (columns) => `
    with gone as (
      delete from function_invocation where id in (
        select id from function_invocation where created_time < now() - $1::int * interval '1 day'
        order by created_time limit $2
      ) returning function_id
    ), uncounted as (
      update counter c set value = c.value - g.count
      from (select function_id, count(*) as count from gone group by function_id) g
      where c.scope = 'function.invocations' and c.scope_id = g.function_id
    )
    select ${columns} from gone`,
)

const depthMax = 64

/** What a function gives is any JSON: NUL, broken surrogates and depths that jsonb does not take are replaced. */
function storable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\u0000', '\uFFFD')
  if (typeof value !== 'object' || value === null) return value
  if (depth === depthMax) return '…'
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1))
  // Entries, not assignments: `__proto__` is a key like any other.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key) as string, storable(item, depth + 1)]),
  )
}
