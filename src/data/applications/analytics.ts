// The rows of message and user exports, read a keyset at a time, so that neither a large table nor a reader that
// disconnects matters. Indexes: message (application_id, id); the primary key of user; message (user_id, id).
import {
  bool,
  column,
  columnsOf,
  int4,
  int8,
  jsonb,
  nullable,
  type ReadBy,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'
import { isKept } from '#data/removal/kept-messages.ts'

/** Rows, and bytes of large values, of a batch: background work has a small heap (decision 23). */
const exportBatchMax = 1_000
const exportBytesMax = 4_194_304

/**
 * Postgres does not say how large a compressed value is. Up to this size it is measured as text, which takes some
 * microseconds; beyond it, the value counts as large as the methods of compression allow.
 */
const measuredMax = 16_384
const compressionMax = 255

/** SQL text: keeps rows of `rows` in order of id until they are too large together, and the first in any case. */
const bounded = (rows: string, texts: string[]) => `
  select * from (
    select *, sum(bytes) over (order by id) - bytes as before from (
      select *, ${[...texts.map((name) => `coalesce(octet_length(${name}), 0)`), propertiesBytes].join(' + ')} as bytes
      from (${rows}) r
    ) sized
  ) summed where before < ${exportBytesMax}`

const propertiesBytes = `case
  when pg_column_compression(properties) is null then pg_column_size(properties)
  when pg_column_size(properties) <= ${measuredMax} then octet_length(properties::text)
  else pg_column_size(properties) * ${compressionMax} end`

const messageColumns = select({
  ...columnsOf({ id: int8, type: text, channelId: int8 }, 'm'),
  channelType: column(text, 'c.type'),
  channelName: column(text, 'c.name'),
  ...columnsOf({ threadId: nullable(int8), nestedLevel: int4, userId: nullable(int8) }, 'm'),
  username: column(nullable(text), 'u.name'),
  userDisplayName: column(nullable(text), 'u.display_name'),
  ...columnsOf({ body: nullable(text), groupTag: nullable(text) }, 'm'),
  fileName: column(nullable(text), `m.file->>'name'`),
  fileContentType: column(nullable(text), `m.file->>'contentType'`),
  fileSize: column(nullable(int8), `(m.file->>'size')::bigint`),
  mentionCount: column(int4, 'coalesce(jsonb_array_length(m.mentions), 0)'),
  linkCount: column(int4, 'coalesce(jsonb_array_length(m.links), 0)'),
  ...columnsOf(
    {
      reactionCount: int4,
      reportCount: int4,
      createdTime: timestamptz,
      lastEditedTime: nullable(timestamptz),
      properties: jsonb<Record<string, unknown>>(),
    },
    'm',
  ),
})
export type MessageFacts = ReadBy<typeof messageColumns>

/** Returns the next batch of messages of the application with an id above `afterId`, in order of id. */
export function messageFacts(db: Db, applicationId: number, afterId: number): Promise<MessageFacts[]> {
  return db.all(messagesStatement, [applicationId, afterId, exportBatchMax])
}

const messagesStatement = reading(
  'message-facts',
  messageColumns,
  (columns) => `
    select ${columns}
    from (${bounded(`select * from message m where application_id = $1 and id > $2 and ${isKept('m')} order by id limit $3`, ['body'])}) m
    join channel c on c.id = m.channel_id
    left join "user" u on u.id = m.user_id
    order by m.id`,
)

const messageTime = (order: 'asc' | 'desc') =>
  `(select m.created_time from message m where m.user_id = u.id and ${isKept('m')} order by m.id ${order} limit 1)`

const userColumns = select({
  ...columnsOf({ id: int8, type: text, name: text, displayName: text, isGuest: bool }, 'u'),
  channelCount: column(int8, '(select count(*) from channel_membership cm where cm.user_id = u.id)'),
  messageCount: column(int8, 'sent.count'),
  firstMessageTime: column(nullable(timestamptz), messageTime('asc')),
  lastMessageTime: column(nullable(timestamptz), messageTime('desc')),
  ...columnsOf({ createdTime: timestamptz, properties: jsonb<Record<string, unknown>>() }, 'u'),
})
export type UserFacts = ReadBy<typeof userColumns>

/** Returns the next batch of users with an id above `afterId`, in order of id, without deleted ones. */
export function userFacts(db: Db, applicationId: number, afterId: number): Promise<UserFacts[]> {
  return db.all(usersStatement, [applicationId, afterId, exportBatchMax])
}

const usersStatement = reading(
  'user-facts',
  userColumns,
  (columns) => `
    select ${columns}
    from (${bounded(`select * from "user" where application_id = $1 and id > $2 and deleted_time is null order by id limit $3`, [])}) u
    cross join lateral (
      select count(*) from message m where m.user_id = u.id and ${isKept('m')}
    ) sent
    order by u.id`,
)

/** Yields all exported rows in batches. */
export async function* factsOf<F extends { id: number }>(
  next: (afterId: number) => Promise<F[]>,
): AsyncGenerator<F[]> {
  for (let facts = await next(0), last = facts.at(-1); last; last = facts.at(-1)) {
    yield facts
    facts = await next(last.id)
  }
}
