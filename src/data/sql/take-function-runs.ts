// Takes due function runs, from the applications in turn. Applications are found by skipping from one to the next in
// the index of waiting runs, however many there are. Index: function_run_waiting. Taking 16 of 100,000 waiting runs
// takes 1.2 ms.
import { type Columns, columnsOf, int4, int8, jsonb, nullable, select } from '#data/columns.ts'
import { reading } from '#data/database.ts'
import { lazily } from '#data/sql/lazily.ts'
import type { EventPayload } from '#resources/events.ts'

/** A run that this process has taken. */
export interface TakenRun {
  id: number
  functionId: number
  applicationId: number
  channelId: number | null
  payload: EventPayload
  /** The number of attempts, including this one. */
  attempts: number
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
 * Values: $1 process, $2 applications and $3 how many of their runs this process is executing, $4 the maximum per
 * application, $5 how many to take.
 */
export const takeRunsStatement = reading(
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
          where w.application_id = a.id and w.node is null and w.due_time <= chatterie_clock()
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
