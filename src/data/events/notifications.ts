// What members who were not there are told of messages.
import { findChannels } from '#data/channels/channels.ts'
import {
  bool,
  column,
  columnsOf,
  int8,
  joined,
  nullable,
  type ReadBy,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'
import { keptMinutes } from '#data/events/outbox.ts'
import { askOfNotificationsParts } from '#data/functions/function-runs.ts'
import { messagesById } from '#data/messages/messages.ts'
import { countedMax } from '#data/sql/list-messages.ts'
import { usersById } from '#data/users/users.ts'
import type { Notification, NotificationData } from '#resources/notification.ts'
import type { CursorPage, CursorRequest } from '#resources/page.ts'

export const notificationShape = {
  id: int8,
  recipientId: int8,
  type: text,
  messageId: int8,
  mentionedChannelId: nullable(int8),
  title: text,
  body: text,
  muted: bool,
  readTime: nullable(timestamptz),
  createdTime: timestamptz,
}

/** Of notification `n`, which has its message's `parent_id`, too. */
const notificationColumns = select(columnsOf({ ...notificationShape, parentId: nullable(int8) }, 'n'))
type NotificationRow = ReadBy<typeof notificationColumns>
const withParents = '(select n.*, m.parent_id from notification n join message m on m.id = n.message_id) n'

/** A user's notifications from the cursor on, newest first, or the newer ones, oldest first. */
const listStatement = (newer: boolean) =>
  reading(
    newer ? 'list-newer-notifications' : 'list-notifications',
    select({
      total: column(
        int8,
        `(select count(*) from (select from notification n where n.recipient_id = $1 limit ${countedMax + 1}) counted)`,
      ),
      anyNewer: column(bool, 'exists (select from notification n where n.recipient_id = $1 and n.id > $2)'),
      newestOlder: column(
        nullable(int8),
        newer
          ? '(select max(n.id) from notification n where n.recipient_id = $1 and n.id <= $2)'
          : 'null::bigint',
      ),
      item: joined(notificationColumns),
    }),
    (columns) => `
    select ${columns} from (select 1) always left join lateral (
      select * from ${withParents}
      where n.recipient_id = $1 and n.id ${newer ? '>' : '<='} $2
      order by n.id ${newer ? 'asc' : 'desc'} limit $3::int
    ) n on true
    order by n.id ${newer ? 'asc' : 'desc'}`,
  )
const olderStatement = listStatement(false)
const newerStatement = listStatement(true)

/** A page of what a user was told, newest first. */
export async function listNotifications(
  db: Db,
  recipientId: number,
  request: CursorRequest,
): Promise<CursorPage<Notification>> {
  const newer = request.relation === 'PREVIOUS' && request.start !== undefined
  const cursor = (request.relation === 'NEXT' ? request.next : request.start) ?? Number.MAX_SAFE_INTEGER
  const rows = await db.all(newer ? newerStatement : olderStatement, [recipientId, cursor, request.size + 1])
  const { total = 0, anyNewer = false, newestOlder = null } = rows[0] ?? {}
  const found = rows.flatMap(({ item }) => item ?? [])
  const beyond = found.splice(request.size)[0]
  const page = newer ? found.reverse() : found
  const next = newer ? (newestOlder ?? undefined) : beyond?.id
  const start = page[0]?.id
  return {
    items: await complete(db, page),
    size: request.size,
    hasPrevious: newer ? beyond !== undefined : anyNewer,
    ...(total <= countedMax && { total }),
    ...(start !== undefined && { start }),
    ...(next !== undefined && { next }),
  }
}

/** The notifications with these ids, as far as what they tell of is still there. */
export async function notificationsById(db: Db, ids: number[]): Promise<Map<number, Notification>> {
  const found = await complete(db, await db.all(byIdStatement, [ids]))
  return new Map(found.map((notification) => [notification.id, notification]))
}

const byIdStatement = reading(
  'notifications-by-id',
  notificationColumns,
  (columns) => `select ${columns} from ${withParents} where n.id = any($1::bigint[])`,
)

/** Gives notifications the messages, channels and users they tell of: three round trips, however many they are. */
async function complete(db: Db, rows: NotificationRow[]): Promise<Notification[]> {
  if (rows.length === 0) return []
  const messages = await messagesById(
    db,
    rows.flatMap(({ messageId, parentId }) => (parentId === null ? [messageId] : [messageId, parentId])),
  )
  const [channels, users] = await Promise.all([
    findChannels(db, [
      ...[...messages.values()].map(({ channelId }) => channelId),
      ...rows.flatMap(({ mentionedChannelId }) => mentionedChannelId ?? []),
    ]),
    usersById(db, [...new Set(rows.map(({ recipientId }) => recipientId))]),
  ])
  return rows.flatMap((row) => {
    const message = messages.get(row.messageId)
    if (!message) return []
    const data = {
      type: row.type.replaceAll('_', ':').replace('REPLIED:TO', 'REPLIED_TO'),
      recipient: users.get(row.recipientId),
      channelId: message.channelId,
      message,
      ...(row.type === 'USER_REPLIED_TO_MESSAGE' && { parent: messages.get(row.parentId ?? 0) }),
      ...(row.type === 'USER_MENTIONED_USER' && { mentionedUser: users.get(row.recipientId) }),
      ...(row.type === 'USER_MENTIONED_CHANNEL' && {
        mentionedChannel: channels.get(row.mentionedChannelId ?? 0),
      }),
    } as NotificationData // a type of notification has that type's columns
    if (Object.values(data).includes(undefined as never)) return [] // what it told of was deleted
    return [
      {
        id: row.id,
        recipientId: row.recipientId,
        title: row.title,
        body: row.body,
        channel: channels.get(message.channelId),
        data,
        muted: row.muted,
        readTime: row.readTime ?? undefined,
        createdTime: row.createdTime,
      },
    ]
  })
}

/** Messages whose members are told at once. */
export const tasksMax = 100
/** Members told of one message at a time: what waits behind a big channel's message waits no longer than that. */
const sliceMax = 500

/** What became of a batch of notifications. */
export interface Notified {
  /** Whether members are left to be told. */
  more: boolean
  /** Whether events were written, for recipients who are connected. */
  told: boolean
  /** Whether functions are to run. */
  asked: boolean
}

/**
 * Goes on with telling the members of channels of new messages: those who are not there, that is, have no active chat
 * session in the channel, and have not blocked the author. Who replies to or mentions whom is told besides (contract
 * g, runtime contract 8.9). One statement writes the notifications, with an event for each whose recipient is connected
 * or may come back to hear of it, and moves the tasks on; several processes may run it at once.
 * @param limit of messages, the oldest
 * @param only the message with this id
 */
export async function writeNotifications(db: Db, limit = tasksMax, only?: number): Promise<Notified> {
  const { tasks, told, asked, moved } = await db.single(notifyStatement, [limit, sliceMax, only])
  return { more: tasks >= limit || moved > 0, told: told > 0, asked: asked > 0 }
}

/** The message that is next. */
export function firstTask(db: Db): Promise<number | undefined> {
  return db.one(firstTaskStatement, [])
}

const firstTaskStatement = reading(
  'first-notification-task',
  column(int8, 'message_id'),
  (columns) => `select ${columns} from notification_task order by message_id limit 1 for update skip locked`,
)

/** Forgets that members are to be told of a message. */
export async function dropTask(db: Db, messageId: number): Promise<void> {
  await db.run(dropTaskStatement, [messageId])
}

const dropTaskStatement = {
  name: 'drop-notification-task',
  text: 'delete from notification_task where message_id = $1',
}

// Not prepared: a plan that was made while nobody had ever connected reads all sessions for each member from then on,
// 258 ms a batch instead of 1.2 ms.
const notifiedColumns = select({
  tasks: column(int8, '(select count(*) from task)'),
  told: column(int8, '(select count(*) from told_online)'),
  asked: column(int8, '(select count(*) from asked)'),
  moved: column(int8, '(select count(*) from moved)'),
})
const notifyStatement = {
  columns: notifiedColumns,
  text: `
    with task as materialized (
      select * from notification_task where $3::bigint is null or message_id = $3
      order by message_id limit $1::int for update skip locked
    ), told as materialized (
      select m.id, m.application_id, m.channel_id, m.user_id, m.parent_id, m.mentions, t.after_user_id, a.display_name as author,
             coalesce(m.body, 'File attachment') as content
      from task t join message m on m.id = t.message_id left join "user" a on a.id = m.user_id
    ), member as materialized (
      select told.*, cm.user_id as recipient_id, cm.muted
      from told cross join lateral (
        select user_id, muted from channel_membership c
        where c.channel_id = told.channel_id and c.user_id > told.after_user_id
        order by user_id limit $2::int
      ) cm
    ), absent as materialized (
      select * from member m
      where m.recipient_id is distinct from m.user_id
        and not exists (
          select from chat_session cs join user_session us on us.id = cs.session_id
          where cs.channel_id = m.channel_id and cs.state = 'ACTIVE'
            and us.user_id = m.recipient_id and us.state = 'ACTIVE')
        and not exists (
          select from user_block b where b.blocker_id = m.recipient_id and b.blocked_id = m.user_id)
    ), mention as materialized (
      select distinct told.id as message_id, (x ->> 'id')::bigint as id, x ->> 'type' as type
      from told, jsonb_array_elements(told.mentions) x where told.mentions is not null
    ), reason as (
      select id, recipient_id, muted, content, null::bigint as mentioned_channel_id,
             (case when user_id is null then 'SYSTEM_SENT_MESSAGE' else 'USER_SENT_MESSAGE' end)::notification_type as type,
             case when user_id is null then 'System message sent' else author || ' sent a message' end as title
      from absent
      union all
      select a.id, recipient_id, muted, content, null, 'USER_REPLIED_TO_MESSAGE', author || ' replied to a message'
      from absent a join message parent on parent.id = a.parent_id and parent.user_id = a.recipient_id
      where a.user_id is not null
      union all
      select a.id, recipient_id, muted, content, null, 'USER_MENTIONED_USER', author || ' mentioned you'
      from absent a join mention on mention.message_id = a.id and mention.type = 'USER' and mention.id = a.recipient_id
      where a.user_id is not null
      union all
      select a.id, recipient_id, a.muted, content, c.id, 'USER_MENTIONED_CHANNEL', author || ' mentioned ' || c.display_name
      from absent a join mention on mention.message_id = a.id and mention.type = 'CHANNEL'
      join channel c on c.id = mention.id
      join channel_membership cm on cm.channel_id = c.id and cm.user_id = a.recipient_id
      where a.user_id is not null
    ), written as (
      insert into notification (recipient_id, message_id, type, mentioned_channel_id, title, body, muted)
      select recipient_id, id, type, mentioned_channel_id, title, content, muted from reason order by id, recipient_id, type
      on conflict (message_id, recipient_id, type) do nothing
      returning id, recipient_id, message_id
    ), told_online as (
      insert into outbox_event (application_id, type, payload)
      select told.application_id, 'notification.created',
             jsonb_build_object('notificationId', w.id, 'userId', w.recipient_id)
      from written w join told on told.id = w.message_id
      where exists (select from user_session us where us.user_id = w.recipient_id and us.state = 'ACTIVE')
        or exists (
          select from user_session us
          where us.user_id = w.recipient_id and us.end_time > now() - interval '${keptMinutes} minutes')
      order by w.id
      returning 1
    ), ${askOfNotificationsParts}, progress as (
      select t.message_id, count(m.id) as members, max(m.recipient_id) as last
      from task t left join member m on m.id = t.message_id group by t.message_id
    ), moved as (
      update notification_task t set after_user_id = p.last
      from progress p where p.message_id = t.message_id and p.members = $2
      returning 1
    ), done as (
      delete from notification_task t using progress p where p.message_id = t.message_id and p.members < $2
    )
    select ${notifiedColumns.text}`,
}
