import { readBefore } from '#data/sql/is-unread.ts'

/**
 * SQL text: whether membership `cm`'s user has unread messages in its channel (runtime contract 8.6). Searches from the
 * newest message down and skips read spans: a channel read to its end costs two steps, however many messages it has.
 * Indexes: message (channel_id, id, user_id), read_span (channel_id, user_id, from_id).
 */
export const hasUnread = `coalesce((
  with recursive candidate (id, resume_at) as (
    ${candidateBelow('from (select 9223372036854775807 as resume_at) c')}
    union all
    ${candidateBelow('from candidate c')}
  )
  select true from candidate where resume_at is null limit 1), false)`

/** Selects the newest message by others below `c.resume_at`, and the id to continue below; null if it is unread. */
function candidateBelow(from: string): string {
  return `
    select m.id, coalesce(s.from_id, h.message_id) ${from}
    cross join lateral (
      select m.id from message m
      where m.channel_id = cm.channel_id and m.id > ${readBefore}
        and m.id < c.resume_at and m.user_id is distinct from cm.user_id
      order by m.id desc limit 1
    ) m
    left join lateral (
      select s.from_id from (
        -- compared as a row, which read_span_range with the spans of all members of the channel cannot answer
        select * from read_span s
        where (s.channel_id, s.user_id, s.from_id) <= (cm.channel_id, cm.user_id, m.id)
        order by s.channel_id desc, s.user_id desc, s.from_id desc limit 1
      ) s where s.channel_id = cm.channel_id and s.user_id = cm.user_id and s.through_id >= m.id
    ) s on true
    left join hidden_message h on h.user_id = cm.user_id and h.message_id = m.id`
}
