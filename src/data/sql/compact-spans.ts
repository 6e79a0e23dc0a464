// Merges adjacent read spans of a member. A user who returns a thousand times has a thousand spans of 217 bytes each,
// index entries included. Merged, each takes 22 bytes: the first id with another read time, and that time (`later_ids`,
// `later_times`). This does not change which messages appear as read, or since when.
import { column, int4, int8, select } from '#data/columns.ts'
import { reading } from '#data/database.ts'

/** The maximum of merged spans in one: the whole row is written when a span grows, which more would make expensive. */
const partsMax = 64
/** Younger spans may still grow, and messages with lower ids may not be committed yet. */
const age = `interval '1 hour'`

/** SQL text: when the message `id` of span `s` was read, unless it was sent later. */
export function timeOf(s: string, id: string): string {
  return `coalesce(${s}.later_times[width_bucket(${id}, ${s}.later_ids)], ${s}.created_time)`
}

/** SQL text: when the last messages of span `s` were read. */
export const lastTime = 'coalesce(s.later_times[cardinality(s.later_times)], s.created_time)'

/** SQL text: the `ids` and `times` of a span cut off after an id. */
export function beforeCut(s: string, through: string): string {
  const count = `width_bucket(${through}, ${s}.later_ids)`
  return `(select nullif(${s}.later_ids[:${count}], '{}') as ids, nullif(${s}.later_times[:${count}], '{}') as times)`
}

/** SQL text: the `time`, `ids` and `times` of a span cut off before an id. */
export function afterCut(s: string, from: string): string {
  const rest = `width_bucket(${from}, ${s}.later_ids) + 1`
  return `(select ${timeOf(s, from)} as time, nullif(${s}.later_ids[${rest}:], '{}') as ids,
                  nullif(${s}.later_times[${rest}:], '{}') as times)`
}

/** SQL text: the parts of span `s` with one read time each: `from_id`, `through_id` and `read_time`. */
export const partsOfSpan = `(
  select part.from_id, coalesce(lead(part.from_id) over (order by part.from_id) - 1, s.through_id) as through_id,
         part.read_time
  from unnest(s.from_id || s.later_ids, s.created_time || s.later_times) part (from_id, read_time))`

/**
 * Merges the spans of a member. Returns no row if the user is not a member or was reading meanwhile. Values: $1
 * channel, $2 user. Like reading, it updates the row of the membership; see mark-read.ts.
 */
export const compactSpansStatement = reading(
  'compact-read-spans',
  column(int4, '(select count(*)::int from gone)'),
  (columns) => `
    with cm as materialized (
      select channel_id, user_id, ctid as version from channel_membership where channel_id = $1 and user_id = $2
    ), claimed as (
      update channel_membership mine set read_through_id = mine.read_through_id
      from cm where mine.channel_id = cm.channel_id and mine.user_id = cm.user_id and mine.ctid = cm.version
      returning mine.user_id
    ), span as materialized (
      select s.*, cardinality(coalesce(s.later_ids, '{}')) + 1 as parts,
             lag(s.through_id) over (order by s.from_id) as after_id
      from read_span s where s.channel_id = $1 and s.user_id = $2
        and ${lastTime} < chatterie_clock() - ${age}
    ), island as materialized (
      select s.*, count(*) filter (where exists (
          select from message m
          where m.channel_id = $1 and m.id > s.after_id and m.id < s.from_id and m.user_id is distinct from $2
        ) or exists (
          select from read_span young where young.channel_id = $1 and young.user_id = $2
            and young.from_id > s.after_id and young.from_id < s.from_id
        )) over (order by s.from_id) as nth
      from span s
    ), chunk as materialized (
      select s.*, nth || ' ' || (sum(parts) over (partition by nth order by from_id) - 1) / ${partsMax} as chunk
      from island s
    ), whole as materialized (
      select min(s.from_id) as from_id, max(s.through_id) as through_id, chunk from chunk s
      group by chunk having count(*) > 1
    ), merged as materialized (
      select w.from_id, w.through_id, later.ids, later.times from whole w cross join lateral (
        select array_agg(p.from_id order by p.from_id) as ids, array_agg(p.read_time order by p.from_id) as times
        from (
          select p.*, lag(p.read_time) over (order by p.from_id) as before
          from chunk s cross join lateral ${partsOfSpan} p where s.chunk = w.chunk
        ) p where p.before <> p.read_time
      ) later
    ), gone as (
      delete from read_span s using whole w, claimed
      where s.channel_id = $1 and s.user_id = $2 and s.from_id > w.from_id and s.from_id <= w.through_id
      returning s.id
    ), grown as (
      update read_span s set through_id = m.through_id, later_ids = m.ids, later_times = m.times
      from merged m, claimed where s.channel_id = $1 and s.user_id = $2 and s.from_id = m.from_id
    )
    select ${columns} from claimed`,
)

/** Counts the spans of each member among the next $3 spans after channel $1 and user $2, in the same order. */
export const spansOfMembersStatement = reading(
  'count-read-spans',
  select({
    channelId: column(int8, 'page.channel_id'),
    userId: column(int8, 'page.user_id'),
    spans: column(int4, 'count(*)::int'),
  }),
  (columns) => `
    select ${columns} from (
      select channel_id, user_id from read_span where (channel_id, user_id) > ($1, $2)
      order by channel_id, user_id limit $3
    ) page group by page.channel_id, page.user_id order by page.channel_id, page.user_id`,
)
