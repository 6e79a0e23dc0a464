// Notifications for members who were absent.
import { findChannels, findShownChannels } from '#data/channels/channels.ts'
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
import type { Channel } from '#resources/channel.ts'
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

/** The columns of notification `n`, including its message's `parent_id`. */
const notificationColumns = select(columnsOf({ ...notificationShape, parentId: nullable(int8) }, 'n'))
type NotificationRow = ReadBy<typeof notificationColumns>
/** Without notifications that refer to a message that is gone. */
const withParents = `(
  select n.*, m.parent_id from notification n join message m on m.id = n.message_id
  where ${isKept('m')} and (n.type <> 'USER_REPLIED_TO_MESSAGE'
    or exists (select from message parent where parent.id = m.parent_id and ${isKept('parent')}))) n`

/** Reads a user's notifications at or before the cursor, newest first, or those after it, oldest first. */
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

/** Returns a page of a user's notifications, newest first. */
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
  // As in lists of messages, an empty page keeps the requested cursor.
  const start = page[0]?.id ?? (cursor === Number.MAX_SAFE_INTEGER ? undefined : cursor)
  return {
    items: await complete(db, page),
    size: request.size,
    hasPrevious: newer ? beyond !== undefined : anyNewer,
    ...(total <= countedMax && { total }),
    ...(start !== undefined && { start }),
    ...(next !== undefined && { next }),
  }
}

/**
 * Returns the notifications with these ids whose message, channel and users still exist, by id. Their channels are shown
 * as the recipients may see them now.
 */
export async function notificationsById(db: Db, ids: number[]): Promise<Map<number, Notification>> {
  const found = await complete(db, await db.all(byIdStatement, [ids]), { forRecipients: true })
  return new Map(found.map((notification) => [notification.id, notification]))
}

const byIdStatement = reading(
  'notifications-by-id',
  notificationColumns,
  (columns) => `select ${columns} from ${withParents} where n.id = any($1::bigint[])`,
)

/** Loads the messages, channels and users that notifications refer to, in three round trips for any number of them. */
async function complete(
  db: Db,
  rows: NotificationRow[],
  { forRecipients } = { forRecipients: false },
): Promise<Notification[]> {
  if (rows.length === 0) return []
  const messages = await messagesById(
    db,
    rows.flatMap(({ messageId, parentId }) => (parentId === null ? [messageId] : [messageId, parentId])),
  )
  const concerned = rows.flatMap(({ messageId, recipientId }) => {
    const message = messages.get(messageId)
    return message ? [{ channelId: message.channelId, userId: recipientId }] : []
  })
  const mentioned = rows.flatMap(({ mentionedChannelId }) => mentionedChannelId ?? [])
  const channelIds = [...new Set([...concerned.map(({ channelId }) => channelId), ...mentioned])]
  const [{ channels, hidden }, users] = await Promise.all([
    forRecipients
      ? findShownChannels(db, channelIds, concerned)
      : findChannels(db, channelIds).then((channels) => ({ channels, hidden: [] })),
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
        mentionedChannel: withoutLastMessage(channels.get(row.mentionedChannelId ?? 0)),
      }),
    } as NotificationData // each type of notification has the columns of that type
    if (Object.values(data).includes(undefined as never)) return [] // what it refers to was deleted
    const channel = channels.get(message.channelId)
    const isLastHidden = hidden.some(
      (each) => each.channelId === channel?.id && each.userId === row.recipientId,
    )
    return [
      {
        id: row.id,
        recipientId: row.recipientId,
        title: row.title,
        body: row.body,
        channel: isLastHidden ? withoutLastMessage(channel) : channel,
        data,
        muted: row.muted,
        readTime: row.readTime ?? undefined,
        createdTime: row.createdTime,
      },
    ]
  })
}

/** The recipient may have cleared or deleted the last message of the channel for themselves. */
function withoutLastMessage(channel: Channel | undefined): Channel | undefined {
  if (!channel) return undefined
  const { lastReceivedMessage: _, ...rest } = channel
  return rest
}

/** How many messages' members are notified in one batch. */
export const tasksMax = 100
/** How many members are notified of one message at a time, so that a large channel does not delay other messages. */
const sliceMax = 500

/** The outcome of a batch of notifications. */
export interface Notified {
  /** Whether members remain to be notified. */
  more: boolean
  /** Whether events were written for recipients who are connected. */
  hasPublished: boolean
  /** Whether function runs were queued. */
  asked: boolean
}

/**
 * Continues notifying channel members of new messages: those who are absent, that is, have no active chat session in
 * the channel, and have not blocked the author. Replies and mentions are notified as well (contract g, runtime contract
 * 8.9). One statement writes the notifications, an event for each recipient who is connected or may still reconnect,
 * and the progress of the tasks; several processes may run it at the same time.
 * @param limit how many messages, oldest first
 * @param only process only the message with this id
 */
export async function writeNotifications(db: Db, limit: number, only?: number): Promise<Notified> {
  if (!(await db.single(hasTaskStatement, []))) return { more: false, hasPublished: false, asked: false }
  const { tasks, published, asked, moved } = await db.single(notifyMembersStatement, [limit, sliceMax, only])
  return { more: tasks >= limit || moved > 0, hasPublished: published > 0, asked: asked > 0 }
}

/** Checked first, because the statement that writes is planned on every run and this runs once a second. */
const hasTaskStatement = reading(
  'has-notification-task',
  column(bool, 'exists (select from notification_task)'),
  (columns) => `select ${columns}`,
)

/** Returns the id of the next message whose members are to be notified. */
export function firstTask(db: Db): Promise<number | undefined> {
  return db.one(firstTaskStatement, [])
}

const firstTaskStatement = reading(
  'first-notification-task',
  column(int8, 'message_id'),
  (columns) => `select ${columns} from notification_task order by message_id limit 1 for update skip locked`,
)

/** Deletes the task to notify members of a message. */
export async function dropTask(db: Db, messageId: number): Promise<void> {
  await db.run(dropTaskStatement, [messageId])
}

const dropTaskStatement = {
  name: 'drop-notification-task',
  text: 'delete from notification_task where message_id = $1',
}
