// Events of one application for operators who watch them.
import { bool, column, joined, select } from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'
import { eventColumns, loggedColumns } from '#data/sql/take-events.ts'
import type { CommittedEvent } from '#resources/events.ts'

/** Makes the dispatcher log an application's events for `ms` milliseconds even if nobody is connected. */
export async function keepWatch(db: Db, applicationId: number, ms: number): Promise<void> {
  await db.run(watchStatement, [applicationId, ms])
}

const watchStatement = {
  name: 'keep-watch',
  text: `
    insert into live_watch (application_id, expires_time)
    select id, chatterie_clock() + $2::float8 * interval '1 ms' from application where id = $1
    on conflict (application_id) do update set
      expires_time = greatest(live_watch.expires_time, excluded.expires_time)`,
}

/** Returns events after a position. @returns also whether some events after it have already been deleted */
export async function eventsOf(
  db: Db,
  {
    applicationId,
    after,
    types,
    limit,
  }: { applicationId: number; after: number; types: string[]; limit: number },
): Promise<{ isForgotten: boolean; events: CommittedEvent[] }> {
  const rows = await db.all(eventsStatement, [applicationId, after, types, limit])
  return {
    isForgotten: rows[0]?.isForgotten ?? false,
    events: rows.flatMap(({ event }) => event ?? []),
  }
}

/** Index: the primary key of event_log. */
const eventsStatement = reading(
  'live-events',
  select({
    isForgotten: column(bool, 'coalesce(kept.oldest > $2::bigint + 1, false)'),
    event: joined(loggedColumns),
  }),
  (columns) => `
    select ${columns}
    from (select min(position) as oldest from event_log) kept
    left join (
      select ${eventColumns} from event_log
      where application_id = $1 and position > $2 and type = any($3::text[]) order by position limit $4::int
    ) logged on true
    order by logged.position`,
)
