// Runs of functions: those that wait for their turn, and the record of all.
import { column, int8 } from '#data/columns.ts'
import { type Db, type Querier, reading } from '#data/database.ts'
import { nodeLives } from '#data/events/node.ts'
import { lazily } from '#data/sql/lazily.ts'
import { type TakenRun, takeRunsStatement } from '#data/sql/take-function-runs.ts'
import type { FunctionLog } from '#resources/function.ts'

export type { TakenRun }

// ------------------------------------------------------------------------------------------- taking

/** How many runs may be begun. */
export interface Capacity {
  /** How many runs of each application are under way here. */
  busy: ReadonlyMap<number, number>
  /** Of one application at once. */
  perApplication: number
  /** Of all, now. */
  total: number
}

/**
 * Takes runs that are due, oldest first, from one application after the other, so that none waits for what is slow
 * in another. A process that dies gives them back; see {@link giveBackOrphans}.
 */
export function takeRuns(
  db: Db,
  { node, busy, perApplication, total }: Capacity & { node: number },
): Promise<TakenRun[]> {
  return db.all(takeRunsStatement, [node, [...busy.keys()], [...busy.values()], perApplication, total])
}

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
export async function endInvocation(tx: Querier, ended: EndedInvocation): Promise<void> {
  const { id, status, result, logs, durationMs, secrets = [], run } = ended
  const toText = (value: unknown) =>
    secrets.reduce((text, secret) => text.replaceAll(secret, () => '***'), JSON.stringify(storable(value)))
  await tx.run(endStatement, [
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
      update function_run set node = null, due_time = chatterie_clock() + $7::int * interval '1 millisecond'
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
        select id from function_invocation where created_time < chatterie_clock() - $1::int * interval '1 day'
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
