// Stores messages and their events: one statement and one commit for any number of them. Ids and places in the outbox
// are assigned in the order of the input. Messages that cannot be stored return without an id and do not affect others.
// Indexes: the primary keys of channel, user and channel_membership, user_name_key.
import { bool, column, int8, nullable, type ReadBy, select, timestamptz } from '#data/columns.ts'
import type { Reading } from '#data/database.ts'
import { authorColumns } from '#data/rows.ts'
import { banOf } from '#data/users/bans.ts'
import type { EventType } from '#resources/events.ts'

/** The columns of one message, null if absent, in the order of the statement's parameters. */
export const sendColumns = [
  ['application_id', 'bigint'],
  ['channel_id', 'bigint'],
  ['thread_id', 'bigint'],
  ['parent_id', 'bigint'],
  ['nested_level', 'int'],
  ['type', 'message_type'],
  ['as_user', 'boolean'],
  ['user_id', 'bigint'],
  ['username', 'text'],
  ['body', 'text'],
  ['file', 'jsonb'],
  ['group_tag', 'text'],
  ['mentions', 'jsonb'],
  ['links', 'jsonb'],
  ['properties', 'jsonb'],
  /** Whether the user must be a member of the channel. */
  ['member_only', 'boolean'],
  /** Additional properties of the event's payload. */
  ['details', 'jsonb'],
] as const

/** The outcome of each message, in the order of the input. */
const sentColumns = select({
  hasChannel: column(bool, 'has_channel'),
  /** Null if it was not sent. */
  id: column(nullable(int8), 'id'),
  isBanned: column(bool, 'is_banned'),
  /** Whether its channel keeps messages. If not, it is neither stored nor published by the statement. */
  isKept: column(bool, 'is_kept'),
  createdTime: column(timestamptz, 'chatterie_clock()::timestamptz(3)'),
  user: authorColumns('(author)'),
})
export type SentRow = ReadBy<typeof sentColumns>

/**
 * Lookups are lateral joins, so that a group of 32 makes 32 index lookups whatever the planner assumes. Ids are drawn
 * first, so that the results need not be matched to the input afterwards.
 */
function compose(input: string, also = ''): string {
  return `
    with wanted as materialized (
      select i.*, c.id is not null as has_channel, coalesce(c.messages_persisted, true) as is_kept, author, ban.user_id is not null as is_banned,
             case when c.id is not null and ban.user_id is null and (not i.as_user or author.id is not null) and (
               i.member_only is not true or (
                 -- a value, not exists: that might be answered by reading all memberships of everybody
                 select true from channel_membership cm
                 where cm.channel_id = i.channel_id and cm.user_id = i.user_id limit 1)
             ) then next_message_id() end as id
      from ${input}
      left join lateral (
        select id, messages_persisted from channel where id = i.channel_id and application_id = i.application_id limit 1
      ) c on true
      left join lateral (
        select * from "user" u
        where u.application_id = i.application_id and u.deleted_time is null and u.id = coalesce(
          i.user_id,
          (select n.id from "user" n
           where n.application_id = i.application_id and n.name = i.username and n.deleted_time is null)
        ) limit 1
      ) author on true
      left join lateral (select b.user_id from ${banOf('author.id')} limit 1) ban on true
      order by i.place
    ), sent as (
      insert into message
        (id, application_id, channel_id, thread_id, parent_id, nested_level, type, user_id, body, file, group_tag,
         mentions, links, properties)
      select id, application_id, channel_id, thread_id, parent_id, nested_level, type, (author).id, body, file,
             group_tag, mentions, links, properties
      from wanted where id is not null and is_kept
    ), emitted as (
      insert into outbox_event (application_id, type, channel_id, thread_id, count, payload)
      select application_id, case when thread_id is null then '${'channel.message.created' satisfies EventType}' else '${'thread.message.created' satisfies EventType}' end,
             channel_id, thread_id, 1,
             case when details is null then jsonb_build_object('messageId', id, 'userId', (author).id)
                  else jsonb_build_object('messageId', id, 'userId', (author).id) || details end
      from wanted where id is not null and is_kept
    )${also}
    select ${sentColumns.text}
    from wanted order by place`
}

const columns = sendColumns.map(([name]) => name).join(', ')

const oneMessage = `(select 1::bigint as place, ${sendColumns.map(([name, type], at) => `$${at + 1}::${type} as ${name}`).join(', ')}) i`

/** Sends one message; the values are its columns. */
export const sendOneStatement: Reading<SentRow> = {
  name: 'send-message',
  line: 'sends',
  text: compose(oneMessage),
  columns: sentColumns,
}

/** Sends one message with a hosted file; the values are its columns, then the file's key. */
export const sendWithFileStatement: Reading<SentRow> = {
  columns: sentColumns,
  name: 'send-message-with-file',
  text: compose(
    oneMessage,
    `, kept as (
      update file set expires_time = null where key = $${sendColumns.length + 1}::uuid and exists (select from wanted where id is not null and is_kept)
    )`,
  ),
}

/** Sends many messages; each value is the array of a column. */
export const sendManyStatement: Reading<SentRow> = {
  columns: sentColumns,
  name: 'send-messages',
  line: 'sends',
  text: compose(
    `unnest(${sendColumns.map(([, type], at) => `$${at + 1}::${type}[]`).join(', ')}) with ordinality i (${columns}, place)`,
  ),
}
