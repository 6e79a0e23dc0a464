// Marks messages as read or unread: one statement and one round trip each, without a row per member or message.
//
// What a member has read is stored as spans: ranges of a channel's ids that do not overlap. Ids in a range that are not
// messages of other users in the channel do not interrupt it. A span has one time, that of its first reading, which
// never changes; a message was read at that time, or when it was sent if that is later. The next messages read extend
// an adjacent span only if this is accurate to the minute, that is, if the span or the message is younger than that.
// So a user who follows along, message by message, has one span for as long as that continues, and one who returns
// starts a new span at most once a minute. Adjacent spans are merged later, keeping all of their times; see
// compact-spans.ts.
//
// `read_through_id` of the membership is where the search for unread messages begins. It keeps the cost of unread
// counts from growing with the spans.
//
// Several devices may read concurrently. Each statement updates the membership's row, and changes nothing if another
// transaction has updated it since the statement began (`claimed`): it is then repeated; see data/messages/reading.ts.
import { bool, column, int8, type ReadBy, select } from '#data/columns.ts'
import { type Reading, reading } from '#data/database.ts'
import { isKept } from '#data/removal/kept-messages.ts'
import { afterCut, beforeCut, lastTime, timeOf } from '#data/sql/compact-spans.ts'
import { spansBeyond } from '#data/sql/count-unread.ts'
import { isCovered, isHidden, isUnread, readBefore } from '#data/sql/is-unread.ts'
import type { EventType } from '#resources/events.ts'

/** Events are published for at most this many newly read messages, the newest ones. */
const publishedMax = 100

const isoTime = (time: string) => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** The visible message $1 and the membership of user $2 in its channel. */
const messagePlace = `
  select cm.*, cm.ctid as version, m.application_id
  from message m join channel_membership cm on cm.channel_id = m.channel_id and cm.user_id = $2
  where m.id = $1 and m.application_id = $3 and m.id > cm.cleared_through_id and not ${isHidden} and ${isKept('m')}`

const channelPlace = `
  select cm.*, cm.ctid as version, c.application_id
  from channel c join channel_membership cm on cm.channel_id = c.id and cm.user_id = $2
  where c.id = $1 and c.application_id = $3`

interface Act {
  name: string
  /** The membership: its columns, `version` and `application_id`. */
  place: string
  /** Ranges that become read: `lo` and `hi`, ids of messages by others, and when the first was `sent`. */
  runs: string
  /** Conditions on the messages that become read, and on those that may stay unread. */
  reads: string
  leaves: string
}

/** The outcome; `change` is the CTE that has rows if there was anything to change. */
const markingColumns = (change: string) =>
  select({
    /** The channel of the membership. */
    channelId: column(int8, 'cm.channel_id'),
    isChange: column(bool, `exists (select from ${change})`),
    isDone: column(bool, 'exists (select from claimed)'),
  })
export type Marking = ReadBy<ReturnType<typeof markingColumns>>

/** No rows: no such membership. Values: $1 message or channel, $2 user, $3 application, $4 the event's cause. */
function marking({ name, place, runs, reads, leaves }: Act): Reading<Marking> {
  return reading(
    name,
    markingColumns('run'),
    (columns) => `
    with cm as materialized (${place}),
    run as materialized (${runs}),
    newly_read as materialized (
      select newest.* from cm cross join lateral (
        select m.id, m.user_id, m.created_time from message m
        where m.channel_id = cm.channel_id and ${reads} and m.id <= (select max(hi) from run)
          and m.user_id is distinct from cm.user_id and not ${isCovered} and not ${isHidden}
        order by m.id desc limit ${publishedMax}
      ) newest
    ), left_unread as materialized (
      select oldest.id from cm cross join lateral (
        select m.id from message m where m.channel_id = cm.channel_id and ${leaves} and ${isUnread}
        order by m.id limit 1
      ) oldest
    ), claimed as (
      update channel_membership mine set read_through_id = greatest(mine.read_through_id, (
        select max(hi) from run where hi < coalesce((select id from left_unread), ${Number.MAX_SAFE_INTEGER})))
      from cm where mine.channel_id = cm.channel_id and mine.user_id = cm.user_id and mine.ctid = cm.version
        and exists (select from run)
      returning mine.user_id
    ), neighbour as materialized (
      select s.id, run.lo, run.hi, s.read_time from cm, run
      cross join lateral (
        (select s.id, s.from_id, ${lastTime} as read_time, through_id as after_id, run.lo as before_id from read_span s
         where s.channel_id = cm.channel_id and s.user_id = cm.user_id and s.from_id < run.lo
         order by s.from_id desc limit 1)
        union all
        (select s.id, s.from_id, s.created_time, run.hi, from_id from read_span s
         where s.channel_id = cm.channel_id and s.user_id = cm.user_id and s.from_id > run.hi
         order by s.from_id limit 1)
      ) s
      where (select count(*) from run) = 1 and greatest(s.read_time, run.sent) > chatterie_clock() - interval '1 minute'
        and (select m.id from message m
             where m.channel_id = cm.channel_id and m.id > s.after_id and m.id < s.before_id
               and m.user_id is distinct from cm.user_id
             order by m.id limit 1) is null
      order by s.from_id limit 1
    ), extended as (
      update read_span s set from_id = least(s.from_id, n.lo), through_id = greatest(s.through_id, n.hi)
      from neighbour n, claimed where s.id = n.id
      returning n.read_time
    ), forgotten as (
      -- of messages that are gone since
      delete from read_span s using cm, run, claimed
      where s.channel_id = cm.channel_id and s.user_id = cm.user_id and s.from_id between run.lo and run.hi
    ), begun as (
      insert into read_span (channel_id, user_id, from_id, through_id)
      select cm.channel_id, cm.user_id, run.lo, run.hi from cm, run, claimed
      where not exists (select from neighbour)
    ), emitted as (
      insert into outbox_event (application_id, type, channel_id, payload)
      select cm.application_id, '${'message.read_receipt.created' satisfies EventType}', cm.channel_id, jsonb_build_object(
        'messageId', newly_read.id, 'userId', cm.user_id, 'authorId', newly_read.user_id,
        'createdTime', ${isoTime(`greatest(coalesce((select read_time from extended), chatterie_clock()::timestamptz(3)), newly_read.created_time)`)}
      ) || $4::jsonb
      from cm, newly_read, claimed order by newly_read.id
    )
    select ${columns} from cm`,
  )
}

/** Marks the message $1 as read. */
export const readMessageStatement = marking({
  name: 'read-message',
  place: messagePlace,
  runs: `
    select m.id as lo, m.id as hi, m.created_time as sent from cm join message m on m.id = $1
    where m.user_id is distinct from cm.user_id and not ${isCovered}`,
  reads: 'm.id = $1',
  leaves: 'm.id <> $1',
})

const inGap = `
  from message m where m.channel_id = cm.channel_id and m.id > gap.after_id and m.id < gap.before_id
    and m.user_id is distinct from cm.user_id and not ${isHidden}`

/** Marks all messages of the channel $1 as read: those between the spans, and those after them. */
export const readChannelStatement = marking({
  name: 'read-channel',
  place: channelPlace,
  runs: `
    select first.id as lo, last.id as hi, first.created_time as sent
    from cm
    cross join lateral (
      select coalesce(lag(s.through_id) over (order by s.from_id), ${readBefore}) as after_id, s.from_id as before_id
      from read_span s where ${spansBeyond(readBefore)}
      union all
      select greatest(${readBefore}, (
        select s.through_id from read_span s where s.channel_id = cm.channel_id and s.user_id = cm.user_id
        order by s.from_id desc limit 1)), ${Number.MAX_SAFE_INTEGER}
    ) gap
    cross join lateral (select m.id, m.created_time ${inGap} order by m.id limit 1) first
    cross join lateral (select m.id ${inGap} order by m.id desc limit 1) last`,
  reads: `m.id > ${readBefore}`,
  leaves: 'false',
})

/** Marks unread messages of a thread in the channel $1 as read, in ranges without other messages by others. */
function threadReading(name: string, inThread: string, elsewhere: string): Reading<Marking> {
  return marking({
    name,
    place: channelPlace,
    runs: `
      with unread as materialized (
        select m.id from cm join message m on m.channel_id = cm.channel_id where ${inThread} and ${isUnread}
      )
      select min(id) as lo, max(id) as hi, min(created_time) as sent from (
        select m.id, m.created_time, u.id is not null as is_unread,
               row_number() over (order by m.id) - row_number() over (partition by u.id is not null order by m.id) as run
        from cm join message m on m.channel_id = cm.channel_id and m.user_id is distinct from cm.user_id
          and m.id between (select min(id) from unread) and (select max(id) from unread)
        left join unread u on u.id = m.id
      ) other where is_unread group by run`,
    reads: `${inThread} and m.id > ${readBefore}`,
    leaves: elsewhere,
  })
}

/** Marks the main thread of the channel $1 as read. */
export const readMainThreadStatement = threadReading(
  'read-main-thread',
  'm.thread_id is null',
  'm.thread_id is not null',
)
/** Marks the thread $5 of the channel $1 as read. */
export const readThreadStatement = threadReading(
  'read-thread',
  'm.thread_id = $5',
  'm.thread_id is distinct from $5',
)

/**
 * Marks the message $1 as unread, and cuts or splits the span that covers it. Columns and values as in {@link marking}.
 */
export const unreadMessageStatement: Reading<Marking> = reading(
  'unread-message',
  markingColumns('span'),
  (columns) => `
    with cm as materialized (${messagePlace}),
    span as materialized (
      select s.*, m.user_id as author_id, greatest(${timeOf('s', 'm.id')}, m.created_time) as read_time
      from cm join message m on m.id = $1 and m.user_id is distinct from cm.user_id
      cross join lateral (
        select * from read_span s
        where s.channel_id = cm.channel_id and s.user_id = cm.user_id and s.from_id <= m.id
        order by s.from_id desc limit 1
      ) s
      where s.through_id >= m.id
    ), claimed as (
      update channel_membership mine set read_through_id = least(mine.read_through_id, $1 - 1)
      from cm where mine.channel_id = cm.channel_id and mine.user_id = cm.user_id and mine.ctid = cm.version
        and exists (select from span)
      returning mine.user_id
    ), cut as (
      update read_span s set
        (from_id, through_id, created_time, later_ids, later_times) = (
          select case when span.from_id = $1 then $1 + 1 else span.from_id end,
                 case when span.from_id = $1 then span.through_id else $1 - 1 end,
                 case when span.from_id = $1 then after.time else span.created_time end,
                 case when span.from_id = $1 then after.ids else before.ids end,
                 case when span.from_id = $1 then after.times else before.times end
          from ${beforeCut('span', '$1 - 1')} before, ${afterCut('span', '$1 + 1')} after)
      from span, claimed where s.id = span.id and span.from_id < span.through_id
    ), emptied as (
      delete from read_span s using span, claimed where s.id = span.id and span.from_id = span.through_id
    ), split as (
      insert into read_span (channel_id, user_id, from_id, through_id, created_time, later_ids, later_times)
      select channel_id, span.user_id, $1 + 1, through_id, after.time, after.ids, after.times
      from span, claimed, lateral ${afterCut('span', '$1 + 1')} after where from_id < $1 and through_id > $1
    ), emitted as (
      insert into outbox_event (application_id, type, channel_id, payload)
      select cm.application_id, '${'message.read_receipt.deleted' satisfies EventType}', cm.channel_id, jsonb_build_object(
        'messageId', $1, 'userId', cm.user_id, 'authorId', span.author_id, 'createdTime', ${isoTime('span.read_time')}
      ) || $4::jsonb
      from cm, span, claimed
    )
    select ${columns} from cm`,
)
