// What unread means (runtime contract 8.6), as SQL text about a membership `cm` and a message `m` of its channel.
import { withdrawnThrough } from '#data/removal/kept-messages.ts'

/** No message up to this id is unread: it was sent before the member joined, or it was cleared, read or withdrawn. */
export const readBefore = `greatest(
  cm.joined_through_id, cm.cleared_through_id, cm.read_through_id, ${withdrawnThrough('cm.channel_id')})`

/** Whether a read span covers the message. Spans do not overlap: it can only be the last that begins before it. */
export const isCovered = `coalesce((
  select s.through_id from read_span s
  where s.channel_id = cm.channel_id and s.user_id = cm.user_id and s.from_id <= m.id
  order by s.from_id desc limit 1), 0) >= m.id`

/** Whether the member has hidden the message for themselves. */
export const isHidden =
  'exists (select from hidden_message h where h.user_id = cm.user_id and h.message_id = m.id)'

/**
 * Whether the message is unread for the member. Their own, those they cannot see, those sent before they joined, and
 * those they have read are not. Index: read_span (channel_id, user_id, from_id).
 */
export const isUnread = `(
  m.id > ${readBefore} and m.user_id is distinct from cm.user_id and not ${isCovered} and not ${isHidden})`

/** Whether the member has read another user's message. */
export const isRead = `(m.user_id is distinct from cm.user_id and ${isCovered})`
