// The deletion of an application: it is closed first, then emptied, and deleted last.
import { bool, column, int8 } from '#data/columns.ts'
import { type Db, reading, type Tx } from '#data/database.ts'
import { type CounterScope, ownerOf } from '#resources/event-description.ts'
import { events } from '#resources/events.ts'

/** Revokes all access to an application; connected users are disconnected shortly after. */
export async function closeApplication(tx: Tx, id: number): Promise<void> {
  // An import locks its job before anything else: jobs are deleted here, before other rows, to avoid a deadlock with it.
  for (const text of closingTexts) await tx.run({ text }, [id])
}

const closingTexts = [
  'update application set closed_time = chatterie_clock() where id = $1',
  'delete from credential where application_id = $1',
  'delete from job where application_id = $1',
]

/** Returns whether the application has more than `messages` messages. */
export function isLargeApplication(db: Db, id: number, messages: number): Promise<boolean> {
  return db.single(isLargeStatement, [id, messages])
}

const isLargeStatement = reading(
  'is-large-application',
  column(
    bool,
    '(select count(*) from (select from message where application_id = $1 limit $2::int + 1) m) > $2',
  ),
  (columns) => `select ${columns}`,
)

/** Returns the ids of applications that are being deleted. */
export function closedApplications(db: Db): Promise<number[]> {
  return db.all(closedStatement, [])
}

const closedStatement = reading(
  'closed-applications',
  column(int8, 'id'),
  (columns) =>
    `select ${columns} from application where closed_time < chatterie_clock() - interval '1 minute' order by id`,
)

/** SQL text: the counter scopes of an owner. */
function scopesOf(owner: ReturnType<typeof ownerOf>): string {
  const scopes = new Set<CounterScope>(Object.values(events).flatMap(({ counts }) => counts))
  return [...scopes]
    .filter((scope) => ownerOf(scope) === owner)
    .map((scope) => `'${scope}'`)
    .join(', ')
}

/** Each statement deletes a few rows at a time, so that it blocks nobody for long. Referenced rows come last. */
const emptyingTexts = [
  `delete from message where id in (select id from message where application_id = $1 limit 2000)`,
  `with threads as (
     select t.id from thread t join counter n on n.scope in (${scopesOf('thread')}) and n.scope_id = t.id
     where t.application_id = $1 limit 10000
   )
   delete from counter where scope in (${scopesOf('thread')}) and scope_id in (select id from threads)`,
  `with gone as (
     delete from channel where id in (select id from channel where application_id = $1 limit 200) returning id
   ), forgotten as (
     delete from counter where scope in (${scopesOf('channel')}) and scope_id in (select id from gone)
   )
   select id from gone`,
  `delete from "user" where id in (select id from "user" where application_id = $1 limit 2000)`,
  `delete from function_run where id in (select id from function_run where application_id = $1 limit 10000)`,
  `delete from function_invocation where id in (
     select i.id from function_invocation i join "function" f on f.id = i.function_id
     where f.application_id = $1 limit 10000
   )`,
  `delete from counter where scope = 'function.invocations'
     and scope_id in (select id from "function" where application_id = $1)`,
  `delete from idempotency_key where ctid in (
     select ctid from idempotency_key where application_id = $1 limit 10000
   )`,
  `delete from webhook_delivery where id in (
     select d.id from webhook w join webhook_delivery d on d.webhook_id = w.id
     where w.application_id = $1 limit 10000
   )`,
  `delete from moved_item where ctid in (
     select ctid from moved_item where application_id = $1 limit 10000
   )`,
  `update file set application_id = null where id in (
     select id from file where application_id = $1 limit 10000
   )`,
]

/**
 * Deletes the possibly numerous rows of an application, in many commits; an interrupted run can be repeated.
 * @throws the signal's reason if aborted, after the current commit
 */
export async function emptyApplication(db: Db, id: number, signal?: AbortSignal): Promise<void> {
  for (const text of emptyingTexts) {
    while ((await db.run({ text }, [id])) > 0) signal?.throwIfAborted()
  }
}

/** Deletes an application with everything that is left in it. */
export async function deleteApplicationRow(tx: Tx, id: number): Promise<void> {
  for (const text of deletingTexts) await tx.run({ text }, [id])
}

const deletingTexts = [
  'delete from channel where application_id = $1',
  'delete from channel where application_id is null and removed_from = $1',
  'delete from outbox_event where application_id = $1',
  `delete from counter where scope like 'application.%' and scope_id = $1`,
  'delete from application where id = $1',
]
