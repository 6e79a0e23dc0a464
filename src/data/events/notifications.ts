// What members who were not there are notified of.
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
import { messagesById } from '#data/messages/messages.ts'
import { isKept } from '#data/removal/kept-messages.ts'
import { countedMax } from '#data/sql/list-messages.ts'
import { notifyMembersStatement } from '#data/sql/notify-members.ts'
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
const withParents = `(
  select n.*, m.parent_id from notification n join message m on m.id = n.message_id
  where ${isKept('m')}) n`

/** A user's notifications from the cursor on, newest first, or the newer ones, oldest first. */
const listStatement = (newer: boolean) =>
  reading(
    newer ? 'list-newer-notifications' : 'list-notifications',
    select({
      total: column(
        int8,
        `(select count(*) from (select from ${withParents} where n.recipient_id = $1 limit ${countedMax + 1}) counted)`,
      ),
      anyNewer: column(bool, `exists (select from ${withParents} where n.recipient_id = $1 and n.id > $2)`),
      newestOlder: column(
        nullable(int8),
        newer
          ? `(select max(n.id) from ${withParents} where n.recipient_id = $1 and n.id <= $2)`
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

/** A page of what a user was notified of, newest first. */
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

/** The notifications with these ids, as far as what they are about is still there. */
export async function notificationsById(db: Db, ids: number[]): Promise<Map<number, Notification>> {
  const found = await complete(db, await db.all(byIdStatement, [ids]))
  return new Map(found.map((notification) => [notification.id, notification]))
}

const byIdStatement = reading(
  'notifications-by-id',
  notificationColumns,
  (columns) => `select ${columns} from ${withParents} where n.id = any($1::bigint[])`,
)

/** Gives notifications the messages, channels and users they are about: three round trips, however many they are. */
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
    if (Object.values(data).includes(undefined as never)) return [] // what it was about was deleted
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

/** Messages whose members are notified at once. */
export const tasksMax = 100
/** Members notified of one message at a time: what waits behind a big channel's message waits no longer than that. */
const sliceMax = 500

/** What became of a batch of notifications. */
export interface Notified {
  /** Whether members are left to be notified. */
  more: boolean
  /** Whether events were written, for recipients who are connected. */
  hasPublished: boolean
  /** Whether functions are to run. */
  asked: boolean
}

/**
 * Goes on with notifying the members of channels of new messages: those who are not there, that is, have no active chat
 * session in the channel, and have not blocked the author. Who replies to or mentions whom is notified of besides (contract
 * g, runtime contract 8.9). One statement writes the notifications, with an event for each whose recipient is connected
 * or may come back to hear of it, and moves the tasks on; several processes may run it at once.
 * @param limit of messages, the oldest
 * @param only the message with this id
 */
export async function writeNotifications(db: Db, limit = tasksMax, only?: number): Promise<Notified> {
  if (!(await db.single(hasTaskStatement, []))) return { more: false, hasPublished: false, asked: false }
  const { tasks, published, asked, moved } = await db.single(notifyMembersStatement, [limit, sliceMax, only])
  return { more: tasks >= limit || moved > 0, hasPublished: published > 0, asked: asked > 0 }
}

/** The one that writes is planned each time, which is not done for nothing, once a second. */
const hasTaskStatement = reading(
  'has-notification-task',
  column(bool, 'exists (select from notification_task)'),
  (columns) => `select ${columns}`,
)

/** The message that is next. */
export function firstTask(db: Db): Promise<number | undefined> {
  return db.one(firstTaskStatement, [])
}

const firstTaskStatement = reading(
  'first-notification-task',
  column(int8, 'message_id'),
  (columns) => `select ${columns} from notification_task order by message_id limit 1 for update skip locked`,
)

/** Forgets that members are to be notified of a message. */
export async function dropTask(db: Db, messageId: number): Promise<void> {
  await db.run(dropTaskStatement, [messageId])
}

const dropTaskStatement = {
  name: 'drop-notification-task',
  text: 'delete from notification_task where message_id = $1',
}
