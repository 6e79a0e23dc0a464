// A page of messages with the versions of their authors, by keyset, in one round trip. Indexes: message (channel_id,
// id, user_id), (application_id, id), (user_id, id), and the trigram index for `query`.

import { bool, column, int8, joined, nullable, select } from '#data/columns.ts'
import { type Reading, reading, readingByKey, readsByKey } from '#data/database.ts'
import { counterValue } from '#data/events/counters.ts'
import { isKept, isKeptIn, isKeptInOf, isKeptOf } from '#data/removal/kept-messages.ts'
import { authoredColumns, type MessageRecord } from '#data/rows.ts'
import { isRead, isUnread } from '#data/sql/is-unread.ts'

export interface MessageListShape {
  /** The owner of the messages: $1 is its id, $2 its application. */
  of: 'channel' | 'application' | 'user' | 'main thread' | 'thread' | 'unread by user' | 'read by user'
  /** Whether to list messages after the cursor, oldest first, instead of older ones, newest first. */
  newer: boolean
  /** Whether to list only messages of the user named $5. */
  byAuthor: boolean
  /** Whether to list only messages with a body that matches $6. */
  search: boolean
}

/** Counting the matches of a filter stops here; a longer list has no total. */
export const countedMax = 1_000

interface Owner {
  from: string
  is: string
  /** Must not name columns of `o`, so that subqueries for the whole page are evaluated once and not per row. */
  mine: string
  /** The same for statements that read whole rows; matches nothing if the application has no such owner. */
  shown?: string
  total: string | undefined
}

const owners: Record<MessageListShape['of'], Owner> = {
  channel: {
    from: 'channel o',
    is: 'o.id = $1 and o.application_id = $2',
    mine: `m.channel_id = $1 and ${isKeptIn('$1', 'm')}`,
    shown: `m.channel_id = $1 and ${isKeptInOf('$1', '$2', 'm')}`,
    total: counterValue('channel.messages', '$1'),
  },
  application: {
    from: 'application o',
    is: 'o.id = $1 and o.id = $2',
    mine: `m.application_id = $1 and ${isKeptOf('$1', 'm')}`,
    total: counterValue('application.messages', '$1'),
  },
  'main thread': {
    from: 'channel o',
    is: 'o.id = $1 and o.application_id = $2',
    mine: `m.channel_id = $1 and m.thread_id is null and ${isKeptIn('$1', 'm')}`,
    shown: `m.channel_id = $1 and m.thread_id is null and ${isKeptInOf('$1', '$2', 'm')}`,
    total: counterValue('channel.main_messages', '$1'),
  },
  thread: {
    from: 'thread o',
    is: 'o.id = $1 and o.application_id = $2',
    mine: `m.thread_id = $1 and ${isKept('m')}`,
    total: counterValue('thread.messages', '$1'),
  },
  user: ofUser(`m.user_id = $1 and ${isKeptOf('$2', 'm')}`),
  'unread by user': ofUser(inChannelsWhere(isUnread)),
  'read by user': ofUser(inChannelsWhere(isRead)),
}

function ofUser(mine: string): Owner {
  return {
    from: '"user" o',
    is: 'o.id = $1 and o.application_id = $2 and o.deleted_time is null',
    mine,
    total: undefined,
  }
}

function inChannelsWhere(condition: string): string {
  return `m.application_id = $2 and ${isKeptOf('$2', 'm')} and exists (
    select from channel_membership cm
    where cm.channel_id = m.channel_id and cm.user_id = $1 and ${condition})`
}

const newestStatements = new Map(
  Object.entries(owners).flatMap(([of, { shown, total }]) => {
    if (shown === undefined || total === undefined) return []
    const newest = readingByKey(
      `list-newest-${of.replaceAll(' ', '-')}`,
      select({ total: column(int8, total), message: authoredColumns('item', 'author') }),
      (columns) => `
        select ${columns}
        from (select * from message m where ${shown} order by m.id desc limit $3::int) item
        left join "user" author on author.id = item.user_id
        order by item.id desc`,
    )
    return [[of, newest] as const]
  }),
)

/**
 * Returns the statement for the newest messages of an owner, the most frequent request. It needs no cursor and no query
 * for newer messages, which saves Postgres 40 of 190 µs per page. No rows: there is no message or no such owner.
 * Values: $1 owner, $2 application, $3 limit.
 */
export function listNewestStatement(
  of: MessageListShape['of'],
): Reading<{ total: number; message: MessageRecord }> | undefined {
  return newestStatements.get(of)
}

const listed = (total: string, anyNewer: string, newestOlder: string) =>
  select({
    total: column(int8, total),
    anyNewer: column(bool, anyNewer),
    newestOlder: column(nullable(int8), newestOlder),
    message: joined(authoredColumns('item', 'author')),
  })

const statements = new Map<string, Reading<ListedMessage>>()

/** A message of the list, together with values of the whole list. */
export interface ListedMessage {
  /** The length of the whole list. */
  total: number
  /** Whether there are newer messages than the cursor. */
  anyNewer: boolean
  /** The newest message that is not newer than the cursor, if newer ones are listed. */
  newestOlder: number | null
  /** Undefined if the page is empty. */
  message: MessageRecord | undefined
}

/** No rows: no such owner. Values: $1 owner, $2 application, $3 cursor, $4 limit, $5 author, $6 pattern. */
export function listMessagesStatement(shape: MessageListShape): Reading<ListedMessage> {
  const key = `list-messages-${shape.of.replaceAll(' ', '-')}${shape.newer ? '-newer' : ''}${shape.byAuthor ? '-author' : ''}${shape.search ? '-search' : ''}`
  const known = statements.get(key)
  if (known) return known
  const statement = compose(key, shape)
  statements.set(key, statement)
  return statement
}

function compose(name: string, { of, newer, byAuthor, search }: MessageListShape): Reading<ListedMessage> {
  const owner = owners[of]
  const filters = [
    // Each parameter occurs in every statement, because Postgres must know its type.
    byAuthor
      ? `m.user_id = (select a.id from "user" a where a.application_id = $2 and a.name = $5::text and a.deleted_time is null)`
      : '$5::text is null',
    search ? 'm.body ilike $6::text' : '$6::text is null',
  ].join(' and ')
  const matches = `${owner.mine} and ${filters}`
  const known = byAuthor || search ? undefined : owner.total
  // Ordered like the page: otherwise Postgres searches for frequent matches from the start of the table.
  const total =
    known ??
    `(select count(*) from (
        select m.id from message m where ${matches} order by m.id desc limit ${countedMax + 1}) counted)`
  // Ordered: for `exists`, Postgres reads the table from its start until it finds a newer message, 496 ms in a channel
  // of 300,000 messages; this takes 1 ms.
  const anyNewer = `(select m.id from message m where ${matches} and m.id > $3::bigint order by m.id limit 1) is not null`
  const newestOlder = newer
    ? `(select max(m.id) from message m where ${matches} and m.id <= $3)`
    : 'null::bigint'
  const statement = reading(
    name,
    listed(total, anyNewer, newestOlder),
    (columns) => `
    select ${columns}
    from ${owner.from}
    left join lateral (
      select * from message m where ${owner.shown ?? owner.mine} and ${filters} and m.id ${newer ? '>' : '<='} $3
      order by m.id ${newer ? 'asc' : 'desc'} limit $4::int
    ) item on true
    left join "user" author on author.id = item.user_id
    where ${owner.is}
    order by item.id ${newer ? 'asc' : 'desc'}`,
  )
  if (known !== undefined) return readsByKey(statement)
  // The frequency of a text determines the best plan, so this statement is planned each time: with a plan for any text,
  // finding one that 40 of 5 million messages contain took 2.6 s, and takes 4 ms.
  const { name: _, ...unprepared } = statement
  return search ? unprepared : statement
}
