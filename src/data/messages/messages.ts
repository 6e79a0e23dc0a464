import { column, columnsOf, int4, int8, nullable, select, text } from '#data/columns.ts'
import { type Db, type Querier, reading, readingByKey, type Tx } from '#data/database.ts'
import { shownFilesExpire } from '#data/files.ts'
import { Prisma } from '#data/generated/client.ts'
import { containing, listPage } from '#data/lists.ts'
import { withDetails } from '#data/messages/message-details.ts'
import { isKept, isKeptBy } from '#data/removal/kept-messages.ts'
import { type MessageRecord, messageColumns, messageShape, type StoredMention } from '#data/rows.ts'
import {
  countedMax,
  listMessagesStatement,
  listNewestStatement,
  type MessageListShape,
} from '#data/sql/list-messages.ts'
import type { Message, MessageLink, SeenMessage } from '#resources/message.ts'
import type { CursorPage, CursorRequest, Page, PageRequest } from '#resources/page.ts'

// -------------------------------------------------------------------------------------------- reading

const findStatement = readingByKey(
  'find-message',
  messageColumns('m', 'u'),
  (columns) => `
    select ${columns}
    from message m left join "user" u on u.id = m.user_id where m.id = $2 and m.application_id = $1
      and ${isKept('m')}`,
)

export async function findMessage(
  db: Db,
  applicationId: number,
  id: number,
): Promise<SeenMessage | undefined> {
  const message = await db.one(findStatement, [applicationId, id])
  return message && (await withDetails(db, [message]))[0]
}

const findByIdStatement = reading(
  'find-message-by-id',
  select({ applicationId: column(int8, 'm.application_id'), message: messageColumns('m', 'u') }),
  (columns) => `
    select ${columns}
    from message m left join "user" u on u.id = m.user_id where m.id = $1 and ${isKept('m')}`,
)

/** Returns a message of any application, for work that a message caused. */
export function findMessageById(
  db: Querier,
  id: number,
): Promise<{ applicationId: number; message: SeenMessage } | undefined> {
  return db.one(findByIdStatement, [id])
}

const findManyStatement = reading(
  'find-messages',
  messageColumns('m', 'u'),
  (columns) => `
    select ${columns}
    from message m left join "user" u on u.id = m.user_id where m.id = any($1::bigint[]) and ${isKept('m')}`,
)

/** Returns the messages with these ids, by id. */
export async function messagesById(db: Db, ids: number[]): Promise<Map<number, SeenMessage>> {
  const messages = await withDetails(db, await db.all(findManyStatement, [ids]))
  return new Map(messages.map((message) => [message.id, message]))
}

/** Returns the nested level of the messages in a thread; undefined if there are none. Index: message_thread. */
export function findLevelInThread(db: Querier, threadId: number): Promise<number | undefined> {
  return db.one(levelStatement, [threadId])
}

const levelStatement = reading(
  'find-level-in-thread',
  column(int4, 'm.nested_level'),
  (columns) => `select ${columns} from message m where m.thread_id = $1 order by m.id limit 1`,
)

export interface MessageFilters {
  /** The author's name. */
  username?: string | undefined
  /** Text that the body must contain; the case is ignored. */
  query?: string | undefined
}

/** The cursor of the beginning of a list. */
export const newest = Number.MAX_SAFE_INTEGER

/** Returns a page of the owner's messages, newest first; undefined if the application has no such owner. */
export async function listMessages(
  db: Db,
  applicationId: number,
  owner: { of: MessageListShape['of']; id: number },
  filters: MessageFilters,
  request: CursorRequest,
): Promise<CursorPage<Message> | undefined> {
  const newer = request.relation === 'PREVIOUS' && request.start !== undefined
  const cursor = (request.relation === 'NEXT' ? request.next : request.start) ?? newest
  const isFilteredList = isFiltered(owner.of, filters)
  if (cursor === newest && !newer && !isFilteredList) {
    const page = await listNewest(db, applicationId, owner, request)
    if (page) return page
  }
  const statement = listMessagesStatement({
    of: owner.of,
    newer,
    byAuthor: filters.username !== undefined,
    search: filters.query !== undefined,
  })
  const rows = await db.all(statement, [
    owner.id,
    applicationId,
    cursor,
    request.size + 1,
    filters.username ?? null,
    filters.query === undefined ? null : containing(filters.query),
  ])
  const head = rows[0]
  if (!head) return undefined
  const { total, anyNewer, newestOlder } = head
  const found = rows.flatMap(({ message }) => message ?? [])
  return {
    ...(await cutPage(db, request, { newer, cursor, found, anyNewer, newestOlder })),
    ...(!(total > countedMax && isFilteredList) && { total }),
  }
}

/** Returns the first page of a list; undefined if it is empty or needs the general statement. */
async function listNewest(
  db: Db,
  applicationId: number,
  { of, id }: { of: MessageListShape['of']; id: number },
  request: CursorRequest,
): Promise<CursorPage<Message> | undefined> {
  const statement = listNewestStatement(of)
  const rows = statement ? await db.all(statement, [id, applicationId, request.size + 1]) : []
  const head = rows[0]
  if (!head) return undefined
  const list = { newer: false, cursor: newest, anyNewer: false, newestOlder: null }
  const page = await cutPage(db, request, { ...list, found: rows.map(({ message }) => message) })
  return { ...page, total: head.total }
}

/** Makes a page of the messages that a list statement found. One more than fits means that the list continues. */
export async function cutPage(
  db: Db,
  { size }: CursorRequest,
  list: {
    newer: boolean
    cursor: number
    found: MessageRecord[]
    anyNewer: boolean
    /** The newest message that is not newer than the cursor. */
    newestOlder: number | null
  },
): Promise<CursorPage<SeenMessage>> {
  const { newer, cursor, found } = list
  const beyond = found.splice(size)[0]
  const items = newer ? found.reverse() : found
  const next = newer ? (list.newestOlder ?? undefined) : beyond?.id
  // An empty page keeps the requested cursor, so that a client can go back from an end that has been deleted.
  const start = items[0]?.id ?? (cursor === newest ? undefined : cursor)
  return {
    items: await withDetails(db, items),
    size,
    hasPrevious: newer ? beyond !== undefined : list.anyNewer,
    ...(start !== undefined && { start }),
    ...(next !== undefined && { next }),
  }
}

/** Lists the messages of a channel with reports, newest first. Index: message_reported. */
export async function readReportedMessagePage(
  db: Db,
  channelId: number,
  page: PageRequest,
): Promise<Page<Message>> {
  const found = await listPage(
    db,
    {
      name: 'list-reported-messages',
      resource: 'message',
      from: Prisma.sql`message m`,
      id: 'm.id',
      where: [
        Prisma.sql`m.channel_id = ${channelId}::bigint`,
        Prisma.sql`m.report_count > 0`,
        Prisma.raw(isKept('m')),
      ],
      sortable: { id: 'm.id', createdTime: 'm.created_time', reportCount: 'm.report_count' },
      order: 'm.id desc',
      columns: messageColumns('m', 'u'),
      joins: 'join message m on m.id = page.id left join "user" u on u.id = m.user_id',
    },
    page,
  )
  await withDetails(db, found.items)
  return found
}

function isFiltered(of: string, filters: MessageFilters): boolean {
  return of.endsWith('user') || filters.username !== undefined || filters.query !== undefined
}

// ------------------------------------------------------------------------------------------- changing

/** Returns what a patch needs of a message, and locks its row until the transaction ends. */
export function lockMessage(tx: Tx, applicationId: number, id: number) {
  return tx.one(lockStatement, [applicationId, id])
}

const { type, properties } = messageShape
const placeShape = { channelId: int8, threadId: nullable(int8) }

const lockStatement = reading(
  'lock-message',
  select(columnsOf({ type, ...placeShape, properties }, 'm')),
  (columns) => `select ${columns} from message m where m.id = $2 and m.application_id = $1
    and ${isKept('m')} for update`,
)

export interface MessageChanges {
  /** Whether to mark the message as edited. */
  edited: boolean
  text?: { body: string; mentions: StoredMention[]; links: MessageLink[] }
  properties?: Record<string, unknown>
}

export async function updateMessageRow(
  tx: Tx,
  id: number,
  { edited, text, properties }: MessageChanges,
): Promise<void> {
  await tx.run(updateStatement, [
    id,
    edited,
    properties && JSON.stringify(properties),
    text !== undefined,
    text?.body,
    text && jsonOrNull(text.mentions),
    text && jsonOrNull(text.links),
  ])
}

const updateStatement = {
  name: 'update-message',
  text: `
    update message set
      last_edited_time = case when $2 then chatterie_clock() else last_edited_time end,
      properties = coalesce($3::jsonb, properties),
      body = case when $4 then $5 else body end,
      mentions = case when $4 then $6::jsonb else mentions end,
      links = case when $4 then $7::jsonb else links end
    where id = $1`,
}

/** Sets the links of a text with their previews. @returns false if the text has changed meanwhile */
export async function updateLinks(tx: Tx, id: number, body: string, links: MessageLink[]): Promise<boolean> {
  return (await tx.run(updateLinksStatement, [id, body, jsonOrNull(links)])) > 0
}

const updateLinksStatement = {
  name: 'update-links',
  text: 'update message set links = $3::jsonb where id = $1 and body = $2',
}

const jsonOrNull = (list: unknown[]) => (list.length === 0 ? null : JSON.stringify(list))

/** Deletes a message of the application. Returns its place, author and file, or undefined if it does not exist. */
export function deleteMessageRow(tx: Tx, applicationId: number, id: number) {
  return tx.one(deleteStatement, [applicationId, id])
}

const deleteStatement = reading(
  'delete-message',
  select({
    ...columnsOf({ ...placeShape, userId: nullable(int8) }, 'm'),
    fileKey: column(nullable(text), `m.file->>'key'`),
  }),
  (columns) => `
    with place as materialized (
      -- as it is by now: what is being withdrawn meanwhile is counted by who does that
      select c.* from channel c
      where c.id = (select channel_id from message where id = $2) and c.application_id = $1 for share
    )
    delete from message m using place
    where m.id = $2 and m.channel_id = place.id and ${isKeptBy('place', 'm')} returning ${columns}`,
)

/** SQL text: deletes messages, and expires their hosted files. */
const deletingMany = (where: string) => `
  with gone as (
    delete from message where ${where} returning id, channel_id, thread_id, file
  ), expired as (${shownFilesExpire('gone')})`

/** Deletes all messages of a channel. @returns how many of them were included in counters */
export function deleteMessagesOfChannel(tx: Tx, channelId: number): Promise<number> {
  return tx.single(deleteOfChannelStatement, [channelId])
}

const deleteOfChannelStatement = reading(
  'delete-messages-of-channel',
  column(int8, `count(*) filter (where ${isKeptBy('c', 'gone')})`),
  (columns) =>
    `${deletingMany('channel_id = $1')} select ${columns} from gone join channel c on c.id = gone.channel_id`,
)
