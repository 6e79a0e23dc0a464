// Read spans and notifications of moved users.
import type { Tx } from '#data/database.ts'
import type { MovedNotification } from '#resources/moving.ts'

/** A range of messages in a channel that a user read at one time, as in `read_span`. */
export interface MovedSpan {
  channelId: number
  userId: number
  fromId: number
  throughId: number
  time: string
}

/** Inserts the spans that do not overlap existing ones. */
export async function insertMovedSpans(tx: Tx, spans: MovedSpan[]): Promise<void> {
  if (spans.length === 0) return
  await tx.run(spansStatement, [
    spans.map(({ channelId }) => channelId),
    spans.map(({ userId }) => userId),
    spans.map(({ fromId }) => fromId),
    spans.map(({ throughId }) => throughId),
    spans.map(({ time }) => time),
  ])
}

const spansStatement = {
  name: 'insert-moved-spans',
  text: `
    insert into read_span (channel_id, user_id, from_id, through_id, created_time)
    select s.channel_id, s.user_id, s.from_id, s.through_id, s.created_time
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])
      s (channel_id, user_id, from_id, through_id, created_time)
    where not exists (
      select from read_span mine where mine.channel_id = s.channel_id and mine.user_id = s.user_id
        and mine.from_id <= s.through_id and mine.through_id >= s.from_id)
    order by s.channel_id, s.user_id, s.from_id
    on conflict do nothing`,
}

export interface MovedNote {
  recipientId: number
  messageId: number
  mentionedChannelId: number | undefined
  note: MovedNotification
}

/** Inserts notifications without delivering them, because their recipients were notified by the other service. */
export async function insertMovedNotifications(tx: Tx, notes: MovedNote[]): Promise<void> {
  if (notes.length === 0) return
  await tx.run(notificationsStatement, [
    notes.map(({ recipientId }) => recipientId),
    notes.map(({ messageId }) => messageId),
    notes.map(({ note }) => note.type.replaceAll(':', () => '_')),
    notes.map(({ mentionedChannelId }) => mentionedChannelId ?? null),
    notes.map(({ note }) => note.title),
    notes.map(({ note }) => note.body),
    notes.map(({ note }) => note.muted),
    notes.map(({ note }) => note.readTime ?? null),
    notes.map(({ note }) => note.createdTime),
  ])
}

const notificationsStatement = {
  name: 'insert-moved-notifications',
  text: `
    insert into notification (recipient_id, message_id, type, mentioned_channel_id, title, body, muted, read_time, created_time)
    select recipient_id, message_id, type, mentioned_channel_id, title, body, muted, read_time, created_time
    from unnest($1::bigint[], $2::bigint[], $3::notification_type[], $4::bigint[], $5::text[], $6::text[], $7::boolean[], $8::timestamptz[], $9::timestamptz[])
      with ordinality n (recipient_id, message_id, type, mentioned_channel_id, title, body, muted, read_time, created_time, place)
    order by place
    on conflict (message_id, recipient_id, type) do update set read_time = excluded.read_time`,
}
