/**
 * SQL text: whether membership `cm`'s user has yet to read message `m` of its channel. Not unread are their own, what
 * was there before they joined, what they cleared, and what a read span covers. Index: read_span (channel_id,
 * user_id, from_id).
 */
export const isUnread = `(
  m.id > greatest(cm.joined_through_id, cm.cleared_through_id) and m.user_id is distinct from cm.user_id
  and not exists (
    select from read_span s
    where s.channel_id = cm.channel_id and s.user_id = cm.user_id and m.id between s.from_id and s.through_id
  ))`

/** SQL text: whether membership `cm`'s user has read somebody else's message `m` of its channel. */
export const isRead = `(
  m.user_id is distinct from cm.user_id
  and exists (
    select from read_span s
    where s.channel_id = cm.channel_id and s.user_id = cm.user_id and m.id between s.from_id and s.through_id
  ))`
