// Limits how often passwords of operators can be guessed, across all processes.
import { column, int4 } from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'

/**
 * Takes one of `max` attempts in a window that begins with the first one. Deletes windows that ended over an hour ago.
 * @returns 0, or if no attempt is left, the milliseconds until the window ends
 */
export function takeAttempt(
  db: Db,
  key: string,
  { max, windowMs }: { max: number; windowMs: number },
): Promise<number> {
  return db.single(takeStatement, [key, max, windowMs])
}

const isOver = 'a.ends_time <= chatterie_clock()'
const takeStatement = reading(
  'take-sign-in-attempt',
  column(int4, 'wait.ms'),
  (columns) => `
    with over as (
      delete from sign_in_attempt where ends_time < chatterie_clock() - interval '1 hour' and key <> $1
    ), taken as (
      insert into sign_in_attempt as a (key, count, ends_time)
      values ($1, 1, chatterie_clock() + $3::float8 * interval '1 ms')
      on conflict (key) do update set
        count = case when ${isOver} then 1 else a.count + 1 end,
        ends_time = case when ${isOver} then excluded.ends_time else a.ends_time end
      where ${isOver} or a.count < $2::int
      returning 1
    )
    select ${columns} from (
      select case when exists (select from taken) then 0 else coalesce((
        select greatest(ceil(extract(epoch from a.ends_time - chatterie_clock()) * 1000), 1)
        from sign_in_attempt a where a.key = $1), 1) end::int as ms
    ) wait`,
)

/** Returns an attempt that was taken. */
export async function giveBackAttempt(db: Db, key: string): Promise<void> {
  await db.run(giveBackStatement, [key])
}

const giveBackStatement = {
  name: 'give-back-sign-in-attempt',
  text: 'update sign_in_attempt set count = count - 1 where key = $1 and count > 0',
}
