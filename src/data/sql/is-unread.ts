// What unread means (runtime contract 8.6), as SQL text over a membership `cm` and a message `m` of its channel.
import { withdrawnThrough } from '#data/removal/kept-messages.ts'

/** Up to this id nothing is unread: it was there before the member joined, was cleared, was read, or is withdrawn. */
export const readBefore = `greatest(
  cm.joined_through_id, cm.cleared_through_id, cm.read_through_id, ${withdrawnThrough('cm.channel_id')})`

/** Whether a read span covers the message. Spans do not overlap: it can only be the last that begins before. */
export const isCovered = `coalesce((
  select s.through_id from read_span s
  where s.channel_id = cm.channel_id and s.user_id = cm.user_id and s.from_id <= m.id
  order by s.from_id desc limit 1), 0) >= m.id`

/** Whether the member has deleted the message for itself. */
export const isHidden =
  'exists (select from hidden_message h where h.user_id = cm.user_id and h.message_id = m.id)'

/**
 * Whether the member has yet to read the message. Not unread are its own messages, what it does not see, what was
 * there before it joined, and what it has read. Index: read_span (channel_id, user_id, from_id).
 */
export const isUnread = `(
  m.id > ${readBefore} and m.user_id is distinct from cm.user_id and not ${isCovered} and not ${isHidden})`

/** Whether the member has read somebody else's message. */
export const isRead = `(m.user_id is distinct from cm.user_id and ${isCovered})`
