import { isCovered, readBefore } from '#data/sql/is-unread.ts'

const byOthers = 'm.channel_id = cm.channel_id and m.user_id is distinct from cm.user_id'

/**
 * SQL text: how many messages membership `cm`'s user has to read in its channel. All there are beyond what it has read
 * are counted by the index on message (channel_id, id, user_id), and by that alone; what else is not unread is taken
 * away from that: what spans cover there, and what it has deleted for itself. That takes a tenth of the time of asking
 * each message whether it is unread: 36 ms for 200,000 in place of 400.
 */
export const unreadCount = `(
  (select count(*) from message m where ${byOthers} and m.id > ${readBefore})
  - (select coalesce(sum(covered.count), 0) from read_span s
     cross join lateral (
       select count(*) as count from message m
       where ${byOthers} and m.id >= greatest(s.from_id, ${readBefore} + 1) and m.id <= s.through_id
     ) covered
     where ${spansBeyond(readBefore)})
  - (select count(*) from hidden_message h join message m on m.id = h.message_id
     where h.user_id = cm.user_id and h.message_id > ${readBefore} and ${byOthers} and not ${isCovered})
  )::bigint`

/** SQL text: whether `s` is one of membership `cm`'s read spans that cover anything beyond an id. */
export function spansBeyond(id: string): string {
  return `s.channel_id = cm.channel_id and s.user_id = cm.user_id and s.through_id > ${id}
    and s.from_id >= coalesce((
      select b.from_id from read_span b
      where b.channel_id = cm.channel_id and b.user_id = cm.user_id and b.from_id <= ${id}
      order by b.from_id desc limit 1), 0)`
}
