// Stores messages and their events: one statement, one commit, whatever their number; ids and places in the outbox
// are given in the order of the input. What cannot be stored comes back without an id and hinders nobody.
// Index: the primary keys of channel, user and channel_membership, user_name_key.
import { bool, column, int8, nullable, type ReadBy, select, timestamptz } from '#data/columns.ts'
import type { Reading } from '#data/database.ts'
import { authorColumns } from '#data/rows.ts'
import { banOf } from '#data/users/bans.ts'
import type { EventType } from '#resources/events.ts'

/** Of one message; null where absent. The order is that of the statement's parameters. */
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
  /** What the event says besides. */
  ['details', 'jsonb'],
] as const

/** What became of each message, in the order of the input. */
const sentColumns = select({
  hasChannel: column(bool, 'has_channel'),
  /** Null where it was not sent. */
  id: column(nullable(int8), 'id'),
  isBanned: column(bool, 'is_banned'),
  /** Whether its channel keeps it: where not, it is neither stored nor told of. */
  isKept: column(bool, 'is_kept'),
  createdTime: column(timestamptz, 'chatterie_clock()::timestamptz(3)'),
  user: authorColumns('(author)'),
})
export type SentRow = ReadBy<typeof sentColumns>

/**
 * The lookups are
 * lateral, so that a group of 32 makes 32 index probes whatever the planner thinks of it, and ids are drawn first, so
 * that nothing has to be matched up afterwards.
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

/** One message; the values are its columns. */
export const sendOneStatement: Reading<SentRow> = {
  name: 'send-message',
  line: 'sends',
  text: compose(oneMessage),
  columns: sentColumns,
}

/** One message with a hosted file; the values are its columns, then the file's key. */
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

/** Many messages; each value is a column's array. */
export const sendManyStatement: Reading<SentRow> = {
  columns: sentColumns,
  name: 'send-messages',
  line: 'sends',
  text: compose(
    `unnest(${sendColumns.map(([, type], at) => `$${at + 1}::${type}[]`).join(', ')}) with ordinality i (${columns}, place)`,
  ),
}
