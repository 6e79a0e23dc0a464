// The queue of background work: graphile-worker's tables, in the same database and the same commits (decision 5).
import { bool, column } from '#data/columns.ts'
import { type Database, type Db, reading, type Tx } from '#data/database.ts'

export interface Queue {
  /** Resolves once the queue has its tables. They are made at the first need, which costs 0.1 s once in a database. */
  ready(): Promise<void>
  /** Called each time somebody is about to put work into it. */
  onNeed(listener: () => void): void
}

export function openQueue(db: Database): Queue {
  let ready: Promise<void> | undefined
  let needed = () => {}
  return {
    onNeed(listener) {
      needed = listener
    },
    ready() {
      needed()
      ready ??= makeTables(db).catch((error) => {
        ready = undefined
        throw error
      })
      return ready
    },
  }
}

async function makeTables(db: Database): Promise<void> {
  const { Logger, runMigrations } = (await import('graphile-worker')).default // by name a bundle knows it not
  const client = await db.pool.connect()
  try {
    // Processes that start at once would make the same tables.
    await client.query(`select pg_advisory_lock(hashtext('chatterie: queue'))`)
    await runMigrations({ pgPool: db.pool, logger: new Logger(() => () => {}) })
    await client.query(`select pg_advisory_unlock(hashtext('chatterie: queue'))`)
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** What a process was killed over is run again, however often that happens. */
const attemptsMax = 32_767

/**
 * Puts work into the queue, with the commit. The queue must be ready.
 * @param after names a line: work in the same line runs one after the other
 */
export async function enqueue(
  tx: Tx,
  task: string,
  payload: Record<string, unknown>,
  { after }: { after?: string } = {},
): Promise<void> {
  await tx.run(enqueueStatement, [task, JSON.stringify(payload), after, attemptsMax])
}

const enqueueStatement = {
  name: 'enqueue',
  text: `
    select graphile_worker.add_job(
      $1::text, $2::json, queue_name := $3::text, max_attempts := $4::int
    )`,
}

/** Whether there is work, taken or not. */
export async function hasWork(db: Db): Promise<boolean> {
  return (await db.single(hasTablesStatement, [])) && (await db.single(hasWorkStatement, []))
}

const hasTablesStatement = reading(
  'has-queue',
  column(bool, `to_regclass('graphile_worker.jobs') is not null`),
  (columns) => `select ${columns}`,
)
const hasWorkStatement = reading(
  'has-work',
  column(bool, 'exists (select from graphile_worker.jobs)'),
  (columns) => `select ${columns}`,
)

/** SQL that holds the lock by which others see that a worker lives; its connection keeps it. */
export const holdWorkerLock = 'select pg_advisory_lock(hashtextextended($1, 0))'

/** Gives back what a worker has taken, so that others can take it at once. */
export async function releaseOwn(db: Database, worker: string): Promise<void> {
  await db.run({ text: 'select graphile_worker.force_unlock_workers(array[$1::text])' }, [worker])
}

/** Gives back what workers have taken whose process, and so whose lock, is gone. */
export async function releaseDead(db: Database, self: string): Promise<void> {
  await db.run(releaseDeadStatement, [self])
}

const releaseDeadStatement = {
  text: `
    select graphile_worker.force_unlock_workers(array_agg(worker)) from (
      select distinct locked_by as worker from graphile_worker.jobs where locked_by is not null
    ) busy
    where worker <> $1::text and pg_try_advisory_xact_lock(hashtextextended(worker, 0))
    having count(*) > 0`,
}
