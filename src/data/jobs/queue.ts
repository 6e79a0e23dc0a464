// The queue of background work: graphile-worker's tables, in the same database and the same commits (decision 5).
import { bool, column } from '#data/columns.ts'
import { type Database, type Db, reading, type Tx } from '#data/database.ts'
import { noticeLoss } from '#data/events/node.ts'

export interface Queue {
  /** Resolves once the tables of the queue exist. Created on first use, which takes 0.1 s once per database. */
  ready(): Promise<void>
  /** Registers a listener that is called each time before work is added. */
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
  const { Logger, runMigrations } = (await import('graphile-worker')).default // a bundle lacks its named exports
  const client = await db.pool.connect()
  try {
    // Processes that start at the same time would create the same tables.
    await client.query(`select pg_advisory_lock(hashtext('chatterie: queue'))`)
    await runMigrations({ pgPool: db.pool, logger: new Logger(() => () => {}) })
    await client.query(`select pg_advisory_unlock(hashtext('chatterie: queue'))`)
    client.release()
  } catch (error) {
    client.release(true)
    throw error
  }
}

/** Work that was interrupted because its process died is retried, however often that happens. */
const attemptsMax = 32_767

/**
 * Adds work to the queue as part of the transaction. The queue must be ready.
 * @param after names a line; work in the same line runs one after the other
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

/** Returns whether the queue has any work, waiting or in progress. */
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

/** SQL that takes the lock by which others see that a worker is alive. The connection holds it. */
export const holdWorkerLock = `select ${noticeLoss}, pg_advisory_lock(hashtextextended($1, 0))`

/** Releases the jobs that a worker has taken, so that others can take them at once. */
export async function releaseOwn(db: Database, worker: string): Promise<void> {
  await db.run({ text: 'select graphile_worker.force_unlock_workers(array[$1::text])' }, [worker])
}

/** Releases the jobs of workers whose process, and therefore whose lock, is gone. */
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
