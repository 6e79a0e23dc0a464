// The clock in the database: the SQL function that all dates come from. Moving the clock replaces the function, which
// Postgres inlines; statements that inlined the previous one are replanned. [decision 16]
import type { ClockState } from '#clock/clock.ts'
import { bool, column, int8, nullable, select } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'

export async function readClock(db: Db): Promise<ClockState> {
  const { isFrozen, offsetMs, time } = await db.single(readStatement, [])
  return isFrozen ? { offsetMs, frozenAt: time } : { offsetMs }
}

const toMs = (time: string) => `ceil(extract(epoch from ${time}) * 1000)::bigint`
const readStatement = reading(
  'read-clock',
  select({
    isFrozen: column(
      bool,
      `(select prosrc not like '%now()%' from pg_proc where oid = 'chatterie_clock()'::regprocedure)`,
    ),
    offsetMs: column(int8, toMs('chatterie_clock() - now()')),
    time: column(int8, toMs('chatterie_clock()')),
  }),
  (columns) => `select ${columns}`,
)

/**
 * Sets the clock, now `movedMs` later or earlier than before. Due times stay the same when it moves forward; when it
 * moves back, waiting work waits as long as it would have. The queue must be ready.
 */
export async function writeClock(tx: Tx, state: ClockState, movedMs: number): Promise<void> {
  await tx.run({ text: `select pg_advisory_xact_lock(hashtext('chatterie: clock'))` }, [])
  if (movedMs < 0) await tx.run(keepWaitingStatement, [movedMs])
  await tx.run({ text: functionOf(state) }, [])
  await tx.run(rescheduleStatement, [movedMs])
  await tx.run({ text: `select pg_notify('jobs:insert', '{"count":4}')` }, [])
}

function functionOf({ offsetMs, frozenAt }: ClockState): string {
  const time =
    frozenAt !== undefined
      ? `timestamptz '${new Date(frozenAt).toISOString()}'`
      : offsetMs === 0
        ? 'now()'
        : `now() + interval '${offsetMs} milliseconds'`
  return `
    create or replace function chatterie_clock() returns timestamptz language sql stable parallel safe
    as $$select ${time}$$`
}

const keepWaitingStatement = {
  text: `
    with deliveries as (
      update webhook_delivery set next_time = next_time + $1::float8 * interval '1 ms'
      where state = 'PENDING' and next_time > chatterie_clock()
    )
    update function_run set due_time = due_time + $1::float8 * interval '1 ms'
    where node is null and due_time > chatterie_clock()`,
}
/** Pending deliveries of enabled webhooks. */
const awaitedDeliveries = `webhook_delivery d join webhook w on w.id = d.webhook_id and w.enabled where d.state = 'PENDING'`
// graphile-worker uses the real time.
const waitingJobs = 'graphile_worker.jobs where run_at > now() and locked_at is null'
const rescheduleStatement = {
  text: `
    select graphile_worker.reschedule_jobs(array[id], run_at - $1::float8 * interval '1 ms')
    from ${waitingJobs}`,
}

/** Returns when the next waiting work is due, in milliseconds since the epoch. The queue must be ready. */
export async function nextDueTime(db: Db): Promise<number | undefined> {
  return (await db.single(nextStatement, [])) ?? undefined
}

const nextStatement = reading(
  'next-due-time',
  column(
    nullable(int8),
    toMs(`least(
      (select min(due_time) from function_run where node is null and due_time > chatterie_clock()),
      (select min(d.next_time) from ${awaitedDeliveries} and d.next_time > chatterie_clock()),
      (select min(run_at) from ${waitingJobs}) + (chatterie_clock() - now()))`),
  ),
  (columns) => `select ${columns}`,
)

/** Returns whether work is due now: events to publish, notifications, function runs, deliveries or jobs. */
export function isWorkDue(db: Db): Promise<boolean> {
  return db.single(dueStatement, [])
}

const dueStatement = reading(
  'is-work-due',
  column(
    bool,
    `exists (select from outbox_event)
      or exists (select from notification_task)
      or exists (select from function_run where due_time <= chatterie_clock())
      or exists (select from ${awaitedDeliveries} and d.next_time <= chatterie_clock())
      or exists (
        select from graphile_worker.jobs waiting
        where run_at <= now() and locked_at is null and attempts < max_attempts and not exists (
          select from graphile_worker.jobs ahead
          where ahead.queue_name = waiting.queue_name and ahead.locked_at is not null))`,
  ),
  (columns) => `select ${columns}`,
)
