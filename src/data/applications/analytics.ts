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

const exportBatchMax = 1_000

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

/** Returns up to {@link exportBatchMax} messages of the application with an id above `afterId`, in order of id. */
export function messageFacts(db: Db, applicationId: number, afterId: number): Promise<MessageFacts[]> {
  return db.all(messagesStatement, [applicationId, afterId, exportBatchMax])
}

const messagesStatement = reading(
  'message-facts',
  messageColumns,
  (columns) => `
    select ${columns}
    from (
      select * from message m where application_id = $1 and id > $2 and ${isKept('m')} order by id limit $3
    ) m
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

/** Returns up to {@link exportBatchMax} users with an id above `afterId`, in order of id, without deleted ones. */
export function userFacts(db: Db, applicationId: number, afterId: number): Promise<UserFacts[]> {
  return db.all(usersStatement, [applicationId, afterId, exportBatchMax])
}

const usersStatement = reading(
  'user-facts',
  userColumns,
  (columns) => `
    select ${columns}
    from (
      select * from "user" where application_id = $1 and id > $2 and deleted_time is null order by id limit $3
    ) u
    cross join lateral (
      select count(*) from message m where m.user_id = u.id and ${isKept('m')}
    ) sent
    order by u.id`,
)

/** Yields all exported rows in batches of up to {@link exportBatchMax}. */
export async function* factsOf<F extends { id: number }>(
  next: (afterId: number) => Promise<F[]>,
): AsyncGenerator<F[]> {
  for (let facts = await next(0); facts.length > 0; ) {
    yield facts
    const last = facts.at(-1)
    facts = last && facts.length === exportBatchMax ? await next(last.id) : []
  }
}
