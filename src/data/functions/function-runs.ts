// Runs of functions: the queue of due runs, and the record of all runs.
import { bool, column, int8 } from '#data/columns.ts'
import { type Db, type Querier, reading } from '#data/database.ts'
import { nodeLives } from '#data/events/node.ts'
import { lazily } from '#data/sql/lazily.ts'
import { type TakenRun, takeRunsStatement } from '#data/sql/take-function-runs.ts'
import type { FunctionLog } from '#resources/function.ts'

export type { TakenRun }

// ------------------------------------------------------------------------------------------- taking

/** How many runs may be started. */
export interface Capacity {
  /** How many runs of each application this process is executing. */
  busy: ReadonlyMap<number, number>
  /** The maximum of one application at the same time. */
  perApplication: number
  /** The maximum of all applications to take now. */
  total: number
}

/**
 * Takes due runs, oldest first, from the applications in turn, so that no application waits for slow functions of
 * another. The runs of a process that dies are released; see {@link giveBackOrphans}.
 */
export function takeRuns(
  db: Db,
  { node, busy, perApplication, total }: Capacity & { node: number },
): Promise<TakenRun[]> {
  return db.all(takeRunsStatement, [node, [...busy.keys()], [...busy.values()], perApplication, total])
}

/** Deletes runs that cannot be executed because their function or their subject has been deleted. */
export async function dropRuns(db: Db, ids: number[]): Promise<void> {
  await db.run(dropStatement, [ids])
}

const dropStatement = {
  name: 'drop-function-runs',
  text: 'delete from function_run where id = any($1::bigint[])',
}

/**
 * Releases the runs that this process has taken, except those in `but`, which it is executing. For those that it did
 * not try to begin, `untried`, taking them was not an attempt.
 */
export async function giveBackRuns(db: Db, node: number, but: number[], untried: number[]): Promise<void> {
  await db.run(giveBackStatement, [node, but, untried])
}

const giveBackStatement = {
  name: 'give-back-function-runs',
  text: `
    update function_run set node = null, attempts = attempts - (id = any($3::bigint[]))::int
    where node = $1 and id <> all($2::bigint[])`,
}

/** Returns the ids of processes that have taken or begun runs, and do not appear to be alive. */
export function findMissingNodes(db: Db): Promise<number[]> {
  return db.all(missingStatement, [])
}

/** Indexes: function_run_taken, function_invocation_running. */
const missingStatement = reading(
  'find-missing-nodes',
  column(int8, 'held.node'),
  (columns) => `
    select ${columns} from (
      select node from function_run where node is not null
      union select node from function_invocation where status = 'RUNNING'
    ) held
    where not ${nodeLives('held.node')}`,
)

/** Releases the runs of these processes, unless they are alive, and marks their unfinished invocations as failed. */
export async function giveBackOrphans(db: Db, nodes: number[]): Promise<void> {
  await db.run(orphansStatement, [JSON.stringify(interrupted), nodes])
}

const interrupted = { error: { name: 'InterruptedError', message: 'The server stopped while this ran' } }
const orphansStatement = {
  name: 'give-back-orphaned-function-runs',
  text: `
    with dead as materialized (
      select node from unnest($2::bigint[]) given (node) where not ${nodeLives('given.node')}
    ), ended as (
      update function_invocation i set status = 'FAILED', result = $1::jsonb
      from dead where i.status = 'RUNNING' and i.node = dead.node
    )
    update function_run r set node = null from dead where r.node = dead.node`,
}

/** Returns the ids of the invocations that this process has begun and not ended. */
export function findRunning(db: Db, node: number): Promise<number[]> {
  return db.all(runningStatement, [node])
}

/** Index: function_invocation_running. */
const runningStatement = reading(
  'find-running-invocations',
  column(int8, 'id'),
  (columns) => `select ${columns} from function_invocation where status = 'RUNNING' and node = $1`,
)

/** Marks these invocations as failed, unless they have ended. */
export async function endLostInvocations(db: Db, ids: number[]): Promise<void> {
  await db.run(lostStatement, [ids, JSON.stringify(lost)])
}

const lost = { error: { name: 'InterruptedError', message: 'The server lost its database while this ran' } }
const lostStatement = {
  name: 'end-lost-invocations',
  text: `
    update function_invocation set status = 'FAILED', result = $2::jsonb
    where id = any($1::bigint[]) and status = 'RUNNING'`,
}

// ---------------------------------------------------------------------------------------- recording

export interface NewInvocation {
  functionId: number
  versionNumber: number
  args: Record<string, unknown>
  /** The run that this process has taken, if it is from the queue. */
  runId?: number
}

/** Records runs that start, except those that were given to another process. @returns the ids of the invocations, in order */
export function beginInvocations(db: Db, node: number, runs: NewInvocation[]): Promise<number[]> {
  return db.all(beginStatement, [
    node,
    runs.map(({ functionId }) => functionId),
    runs.map(({ versionNumber }) => versionNumber),
    runs.map(({ args }) => JSON.stringify(storable(args))),
    runs.map(({ runId }) => runId ?? null),
  ])
}

const beginStatement = reading(
  'begin-invocations',
  column(int8, 'begun.id'),
  (columns) => `
    with ${lazily}, given as materialized (
      select * from unnest($2::bigint[], $3::int[], $4::text[], $5::bigint[])
        with ordinality g (function_id, version_number, args, run_id, place)
      where run_id is null or exists (select from function_run r where r.id = run_id and r.node = $1)
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
  /** Texts that must be masked in what is stored. */
  secrets?: string[]
  /**
   * The run that caused the invocation: it is deleted, or retried after `retryMs` milliseconds. With 0, this was not an
   * attempt.
   */
  run?: { id: number; retryMs?: number }
}

/**
 * Records how an invocation ended and deletes or reschedules its run, in one commit.
 * @returns false if that was recorded before, or there is no such invocation, so that nothing changes
 */
export function endInvocation(tx: Querier, ended: EndedInvocation): Promise<boolean> {
  const { id, status, result, logs, durationMs, secrets = [], run } = ended
  return tx.single(endStatement, [
    id,
    status,
    storableJson(result, secrets),
    storableJson(logs, secrets),
    Math.round(durationMs),
    run?.id ?? null,
    run?.retryMs ?? null,
  ])
}

/** An invocation that was taken for interrupted has no duration yet, and its run may belong to another process. */
const endStatement = reading(
  'end-invocation',
  column(bool, 'exists (select from ended)'),
  (columns) => `
    with ${lazily}, ended as (
      update function_invocation
      set status = $2::invocation_status, result = $3::jsonb, logs = $4::jsonb, duration_ms = $5
      where id = $1 and duration_ms is null
      returning node
    ), done as (
      delete from function_run r using ended where r.id = $6 and $7::int is null
    ), again as (
      update function_run r set node = null, due_time = chatterie_clock() + $7::int * interval '1 millisecond',
        attempts = attempts - ($7::int = 0)::int
      from ended where r.id = $6 and $7::int is not null and r.node = ended.node
    )
    select ${columns} from lazily`,
)

/** Deletes a batch of invocations older than `days` days. @returns how many */
export function deleteOldInvocations(db: Db, days: number): Promise<number> {
  return db.single(forgetStatement, [days, forgottenMax])
}

const forgottenMax = 5_000
const forgetStatement = reading(
  'forget-invocations',
  column(int8, 'count(*)'),
  (columns) => `
    with gone as (
      delete from function_invocation where id = any(array(
        select id from function_invocation where created_time < chatterie_clock() - $1::int * interval '1 day'
        order by created_time limit $2
      )) returning function_id
    ), uncounted as (
      update counter c set value = c.value - g.count
      from (select function_id, count(*) as count from gone group by function_id) g
      where c.scope = 'function.invocations' and c.scope_id = g.function_id
    )
    select ${columns} from gone`,
)

/**
 * Returns JSON that can be stored and shown of what a function returns, throws or logs.
 * @param secrets texts to mask in it; they consist of letters, digits, `-` and `_`
 */
export function storableJson(value: unknown, secrets: string[]): string {
  const json = JSON.stringify(storable(value))
  return secrets.reduce((text, secret) => text.replaceAll(secret, () => '***'), json)
}

const depthMax = 64

/** Returns a value that jsonb can store: NUL characters, lone surrogates and levels that are too deep are replaced. */
function storable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\u0000', '\uFFFD')
  if (typeof value !== 'object' || value === null) return value
  if (depth === depthMax) return '…'
  if (Array.isArray(value)) return value.map((item) => storable(item, depth + 1))
  // Object.fromEntries, because an assignment to `__proto__` would not create a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key) as string, storable(item, depth + 1)]),
  )
}
