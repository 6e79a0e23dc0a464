import {
  type Columns,
  columnsOf,
  int8,
  jsonb,
  oneOf,
  optional,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, finder, type Querier, reading, readingByKey, type Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { knownSorts, listPage } from '#data/lists.ts'
import { isKept, isKeptThread } from '#data/removal/kept-messages.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import type { Thread } from '#resources/thread.ts'

const { sql, raw } = Prisma

export const threadShape = {
  id: int8,
  type: oneOf<Thread['type']>(),
  name: optional(text),
  properties: jsonb<Thread['properties']>(),
  createdTime: timestamptz,
  channelId: int8,
}

const threadColumns: Columns<Thread> = select(columnsOf(threadShape, 't'))

export const findThread = finder(
  reading(
    'find-thread',
    threadColumns,
    (columns) => `select ${columns} from thread t
      where t.id = $2 and t.application_id = $1 and ${isKeptThread}`,
  ),
)

const findOfMemberStatement = readingByKey(
  'find-thread-of-member',
  threadColumns,
  (columns) => `
    select ${columns} from thread t join channel_membership cm on cm.channel_id = t.channel_id and cm.user_id = $3
    where t.id = $2 and t.application_id = $1 and ${isKeptThread}`,
)

/** Returns the thread if the user is a member of its channel. */
export function findThreadOfMember(
  db: Querier,
  applicationId: number,
  userId: number,
  id: number,
): Promise<Thread | undefined> {
  return db.one(findOfMemberStatement, [applicationId, id, userId])
}

const byIdStatement = reading(
  'threads-by-id',
  threadColumns,
  (columns) => `select ${columns} from thread t where t.id = any($1::bigint[]) and ${isKeptThread}`,
)

/** Returns the threads with these ids, by id. */
export async function threadsById(db: Db, ids: number[]): Promise<Map<number, Thread>> {
  const threads = await db.all(byIdStatement, [ids])
  return new Map(threads.map((thread) => [thread.id, thread]))
}

/** Returns a thread even if its message and all replies are withdrawn. */
export const findAnyThread = finder(
  reading(
    'find-any-thread',
    threadColumns,
    (columns) => `select ${columns} from thread t where t.id = $2 and t.application_id = $1`,
  ),
)

const findMainStatement = readingByKey(
  'find-main-thread',
  threadColumns,
  (columns) => `select ${columns} from thread t where t.channel_id = $1 and t.type = 'MAIN'`,
)

export function findMainThread(db: Querier, channelId: number): Promise<Thread | undefined> {
  return db.one(findMainStatement, [channelId])
}

export interface ThreadFilters {
  /** Whether to include the channel's main thread. */
  main: boolean
  /** Whether to include threads under messages. */
  ofMessages: boolean
}

const sortable = { id: 't.id', createdTime: 't.created_time', name: 'lower(t.name)', type: 't.type' }

/** Lists the threads of a channel that a member can see, oldest first. Index: thread (channel_id, type). */
export function listThreads(
  db: Db,
  channelId: number,
  userId: number,
  { main, ofMessages }: ThreadFilters,
  page: PageRequest,
): Promise<Page<Thread>> {
  const types = ['STANDALONE', ...(main ? ['MAIN'] : []), ...(ofMessages ? ['MESSAGE'] : [])]
  const isSeen = sql`(t.type <> 'MESSAGE' or (
    t.id > (select cm.cleared_through_id from channel_membership cm
            where cm.channel_id = ${channelId}::bigint and cm.user_id = ${userId}::bigint)
    and not exists (select from hidden_message h where h.user_id = ${userId}::bigint and h.message_id = t.id)))`
  return listPage(
    db,
    {
      name: ofMessages ? 'list-threads-of-messages-too' : 'list-threads',
      resource: 'thread',
      from: sql`thread t`,
      id: 't.id',
      where: [
        sql`t.channel_id = ${channelId}::bigint`,
        sql`t.type = any(${types}::thread_type[])`,
        ...(ofMessages ? [isSeen, raw(isKeptThread)] : []),
      ],
      sortable,
      order: 't.id',
      columns: threadColumns,
      joins: 'join thread t on t.id = page.id',
    },
    knownSorts(page, sortable),
  )
}

/** Creates a standalone thread in a channel. @throws a foreign key violation if the channel no longer exists */
export async function insertThread(
  tx: Tx,
  applicationId: number,
  channelId: number,
  { name, properties }: { name: string; properties: Record<string, unknown> },
): Promise<Thread> {
  return tx.single(insertStatement, [applicationId, channelId, name, JSON.stringify(properties)])
}

const insertStatement = reading(
  'insert-thread',
  threadColumns,
  (columns) => `
    insert into thread as t (application_id, channel_id, type, name, properties)
    values ($1, $2, 'STANDALONE', $3, $4::jsonb) returning ${columns}`,
)

const openStatement = {
  name: 'open-message-thread',
  text: `
    with root as (
      update message m set has_thread = true where id = $2 and application_id = $1 and ${isKept('m')}
      returning id, application_id, channel_id
    )
    insert into thread (id, application_id, channel_id, type)
    select id, application_id, channel_id, 'MESSAGE' from root
    on conflict (id) do nothing`,
}

/** Creates a message's thread, which has the message's id. Returns undefined if there is no such message. */
export async function openMessageThread(
  db: Db,
  applicationId: number,
  messageId: number,
): Promise<Thread | undefined> {
  await db.run(openStatement, [applicationId, messageId])
  return findThread(db, applicationId, messageId)
}
