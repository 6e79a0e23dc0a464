// Stores messages and their events: one statement, one commit, whatever their number; ids and places in the outbox
// are given in the order of the input. What cannot be stored comes back without an id and hinders nobody.
// Index: the primary keys of channel and user, user_name_key.
import type { Statement } from '#data/database.ts'
import { userColumns } from '#data/rows.ts'

/** Of one message; null where absent. The order is that of the statement's parameters. */
export const sendColumns = [
  ['application_id', 'bigint'],
  ['channel_id', 'bigint'],
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
] as const

/** Columns: place in the input, whether the channel exists, message id, created time, then the author. */
function compose(input: string): string {
  return `
    with wanted as materialized (
      select i.*, c.id as found_channel, u.id as found_user
      from ${input}
      left join channel c on c.id = i.channel_id and c.application_id = i.application_id
      left join "user" u on u.application_id = i.application_id and u.deleted_time is null and u.id = coalesce(
        i.user_id,
        (select n.id from "user" n
         where n.application_id = i.application_id and n.name = i.username and n.deleted_time is null)
      )
    ), sent as (
      insert into message
        (application_id, channel_id, type, user_id, body, file, group_tag, mentions, links, properties)
      select application_id, channel_id, type, found_user, body, file, group_tag, mentions, links, properties
      from wanted where found_channel is not null and (not as_user or found_user is not null)
      order by place
      returning id, application_id, channel_id, user_id, created_time
    ), numbered as (
      select *, row_number() over (order by id) as nth from sent
    ), told as (
      insert into outbox_event (application_id, type, channel_id, count, payload)
      select application_id, 'channel.message.created', channel_id, 1,
             jsonb_build_object('messageId', id, 'userId', user_id)
      from sent order by id
    ), placed as (
      select place, row_number() over (order by place) as nth
      from wanted where found_channel is not null and (not as_user or found_user is not null)
    )
    select w.place, w.found_channel is not null, n.id, n.created_time, ${userColumns('u')}
    from wanted w
    left join placed p on p.place = w.place
    left join numbered n on n.nth = p.nth
    left join "user" u on u.id = w.found_user
    order by w.place`
}

const columns = sendColumns.map(([name]) => name).join(', ')

/** One message; the values are its columns. */
export const sendOneStatement: Statement = {
  name: 'send-message',
  text: compose(
    `(select 1::bigint as place, ${sendColumns.map(([name, type], at) => `$${at + 1}::${type} as ${name}`).join(', ')}) i`,
  ),
}

/** Many messages; each value is a column's array. */
export const sendManyStatement: Statement = {
  name: 'send-messages',
  text: compose(
    `unnest(${sendColumns.map(([, type], at) => `$${at + 1}::${type}[]`).join(', ')}) with ordinality i (${columns}, place)`,
  ),
}
