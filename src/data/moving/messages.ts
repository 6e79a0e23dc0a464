// Moved messages with their reactions and threads, dated as they were sent.

import { columnsOf, int8, select } from '#data/columns.ts'
import { type Querier, reading, type Tx } from '#data/database.ts'
import type { StoredFile, StoredMention } from '#data/rows.ts'
import { toCopyRow } from '#data/sql/copy-messages.ts'
import type { Message, MessageLink } from '#resources/message.ts'

export interface MovedReaction {
  emoji: string
  userId: number
  createdTime: string
}

export interface MovedRow {
  id: number
  channelId: number
  parentId: number | undefined
  nestedLevel: number
  type: Message['type']
  userId: number | undefined
  body: string | undefined
  file: StoredFile | undefined
  groupTag: string | undefined
  mentions: StoredMention[]
  links: MessageLink[]
  properties: Record<string, unknown>
  createdTime: string
  lastEditedTime: string | undefined
  hasThread: boolean
  reactions: MovedReaction[]
}

const columns = [
  'id',
  'application_id',
  'channel_id',
  'thread_id',
  'parent_id',
  'nested_level',
  'type',
  'user_id',
  'body',
  'file',
  'group_tag',
  'mentions',
  'links',
  'properties',
  'created_time',
  'last_edited_time',
  'has_thread',
  'reaction_count',
]
const copyStatement = `copy message (${columns.join(', ')}) from stdin`

const jsonUnlessEmpty = (list: unknown[]) => (list.length > 0 ? JSON.stringify(list) : undefined)

/** Stores messages with given ids by COPY, as imports do. The threads that they belong to must exist. */
export async function insertMovedMessages(tx: Tx, applicationId: number, rows: MovedRow[]): Promise<void> {
  if (rows.length === 0) return
  const lines = rows.map((row) =>
    toCopyRow([
      row.id,
      applicationId,
      row.channelId,
      row.parentId,
      row.parentId,
      row.nestedLevel,
      row.type,
      row.userId,
      row.body,
      row.file && JSON.stringify(row.file),
      row.groupTag,
      jsonUnlessEmpty(row.mentions),
      jsonUnlessEmpty(row.links),
      JSON.stringify(row.properties),
      row.createdTime,
      row.lastEditedTime,
      row.hasThread ? 't' : 'f',
      row.reactions.length,
    ]),
  )
  await tx.copy(copyStatement, lines.join(''))
  await insertReactions(tx, rows)
}

/** Updates messages to their present content in the other service. */
export async function updateMovedMessages(tx: Tx, applicationId: number, rows: MovedRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.run(updateStatement, [
    applicationId,
    rows.map(({ id }) => id),
    rows.map(({ body }) => body ?? null),
    rows.map(({ mentions }) => jsonUnlessEmpty(mentions) ?? null),
    rows.map(({ links }) => jsonUnlessEmpty(links) ?? null),
    rows.map(({ properties }) => JSON.stringify(properties)),
    rows.map(({ lastEditedTime }) => lastEditedTime ?? null),
    rows.map(({ reactions }) => reactions.length),
  ])
  await tx.run(forgetReactionsStatement, [rows.map(({ id }) => id)])
  await insertReactions(tx, rows)
}

const updateStatement = {
  name: 'update-moved-messages',
  text: `
    update message mine set body = case when mine.body is null then null else m.body end, mentions = m.mentions, links = m.links,
      properties = m.properties, last_edited_time = m.last_edited_time, reaction_count = m.reaction_count
    from unnest($2::bigint[], $3::text[], $4::jsonb[], $5::jsonb[], $6::jsonb[], $7::timestamptz[], $8::int[])
      m (id, body, mentions, links, properties, last_edited_time, reaction_count)
    where mine.id = m.id and mine.application_id = $1 and (mine.body is null) = (m.body is null)`,
}

const forgetReactionsStatement = {
  name: 'forget-moved-reactions',
  text: 'delete from reaction where message_id = any($1::bigint[])',
}

/** Skips messages that no longer exist here. */
async function insertReactions(tx: Tx, rows: MovedRow[]): Promise<void> {
  const all = rows.flatMap(({ id, reactions }) => reactions.map((reaction) => ({ id, ...reaction })))
  if (all.length === 0) return
  await tx.run(reactionsStatement, [
    all.map(({ id }) => id),
    all.map(({ emoji }) => emoji),
    all.map(({ userId }) => userId),
    all.map(({ createdTime }) => createdTime),
  ])
}

const reactionsStatement = {
  name: 'insert-moved-reactions',
  text: `
    insert into reaction (message_id, emoji, user_id, created_time)
    select r.message_id, r.emoji, r.user_id, r.created_time
    from unnest($1::bigint[], $2::text[], $3::bigint[], $4::timestamptz[]) r (message_id, emoji, user_id, created_time)
    join message m on m.id = r.message_id
    on conflict do nothing`,
}

/** Creates the threads of messages. The messages themselves may be inserted before or after. */
export async function openMovedThreads(
  tx: Tx,
  applicationId: number,
  threads: { id: number; channelId: number; createdTime: string }[],
): Promise<void> {
  if (threads.length === 0) return
  await tx.run(threadsStatement, [
    applicationId,
    threads.map(({ id }) => id),
    threads.map(({ channelId }) => channelId),
    threads.map(({ createdTime }) => createdTime),
  ])
}

const threadsStatement = {
  name: 'open-moved-threads',
  text: `
    with wanted as (
      select id, min(channel_id) as channel_id, min(created_time) as created_time
      from unnest($2::bigint[], $3::bigint[], $4::timestamptz[]) t (id, channel_id, created_time) group by id
    ), root as (
      update message m set has_thread = true from wanted w
      where m.id = w.id and m.application_id = $1 and not m.has_thread
    )
    insert into thread (id, application_id, channel_id, type, created_time)
    select id, $1::bigint, channel_id, 'MESSAGE', created_time from wanted order by id
    on conflict (id) do nothing`,
}

/** Returns the channel of each of the messages that exist, by id. */
export async function channelsOfMessages(
  db: Querier,
  applicationId: number,
  ids: number[],
): Promise<Map<number, number>> {
  if (ids.length === 0) return new Map()
  const found = await db.all(channelsStatement, [applicationId, ids])
  return new Map(found.map(({ id, channelId }) => [id, channelId]))
}

const channelsStatement = reading(
  'channels-of-moved-messages',
  select(columnsOf({ id: int8, channelId: int8 }, 'm')),
  (columns) => `select ${columns} from message m where m.application_id = $1 and m.id = any($2::bigint[])`,
)
