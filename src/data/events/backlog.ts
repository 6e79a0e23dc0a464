// Sizes of the queues in the database, for monitoring.
import { column, columnsOf, int4, int8, oneOf, select } from '#data/columns.ts'
import { type Database, reading } from '#data/database.ts'
import type { Job, JobType } from '#resources/job.ts'

/** Counting stops at this number. */
const countedMax = 100_000

const counted = (from: string) => `(select count(*) from (select from ${from} limit ${countedMax}) counted)`

const backlogStatement = reading(
  'backlog',
  select({
    events: column(int8, counted('outbox_event')),
    /** Age of the oldest event in milliseconds. */
    age: column(
      int8,
      `coalesce((select (extract(epoch from chatterie_clock() - created_time) * 1000)::int8
        from outbox_event order by id limit 1), 0)`,
    ),
    waiting: column(int8, counted('function_run where node is null')),
    taken: column(int8, counted('function_run where node is not null')),
  }),
  (columns) => `select ${columns}`,
)

const jobsStatement = reading(
  'count-jobs',
  select({
    ...columnsOf({ type: oneOf<JobType>(), state: oneOf<Job['state']>() }, 'j'),
    count: column(int4, 'count(*)::int4'),
  }),
  (columns) => `select ${columns} from job j group by j.type, j.state`,
)

/** Returns the queue sizes, each {@link countedMax} at most. The database cancels each statement after `timeoutMs`. */
export function readBacklog(db: Database, timeoutMs: number) {
  return db.monitor(async (tx) => {
    await tx.run({ text: `set local statement_timeout = ${timeoutMs}` }, [])
    const { events, age, waiting, taken } = await tx.single(backlogStatement, [])
    const jobs = await tx.all(jobsStatement, [])
    return { events, eventsAge: Math.max(0, age) / 1_000, runs: { waiting, taken }, jobs }
  })
}
