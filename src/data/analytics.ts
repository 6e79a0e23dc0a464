// What exports tell of messages and users: a keyset at a time, so that neither the table's size nor a cut-off reader
// matters. Index: message (application_id, id); the primary key of user; message (user_id, id).
import type { Db } from '#data/database.ts'

const exportBatchMax = 1_000

export interface MessageFacts {
  id: number
  type: string
  channelId: number
  channelType: string
  channelName: string
  threadId: number | null
  nestedLevel: number
  userId: number | null
  username: string | null
  userDisplayName: string | null
  body: string | null
  groupTag: string | null
  fileName: string | null
  fileContentType: string | null
  fileSize: number | null
  mentionCount: number
  linkCount: number
  reactionCount: number
  reportCount: number
  createdTime: string
  lastEditedTime: string | null
  properties: Record<string, unknown>
}

/** Those of an application after one of them, by id. */
export async function messageFacts(db: Db, applicationId: number, afterId: number): Promise<MessageFacts[]> {
  const rows = await db.query(messagesStatement, [applicationId, afterId, exportBatchMax])
  return rows.map((row) => ({
    id: row[0] as number,
    type: row[1] as string,
    channelId: row[2] as number,
    channelType: row[3] as string,
    channelName: row[4] as string,
    threadId: row[5] as number | null,
    nestedLevel: row[6] as number,
    userId: row[7] as number | null,
    username: row[8] as string | null,
    userDisplayName: row[9] as string | null,
    body: row[10] as string | null,
    groupTag: row[11] as string | null,
    fileName: row[12] as string | null,
    fileContentType: row[13] as string | null,
    fileSize: row[14] as number | null,
    mentionCount: row[15] as number,
    linkCount: row[16] as number,
    reactionCount: row[17] as number,
    reportCount: row[18] as number,
    createdTime: row[19] as string,
    lastEditedTime: row[20] as string | null,
    properties: row[21] as Record<string, unknown>,
  }))
}

const messagesStatement = {
  name: 'message-facts',
  text: `
    select m.id, m.type, m.channel_id, c.type, c.name, m.thread_id, m.nested_level,
           m.user_id, u.name, u.display_name, m.body, m.group_tag,
           m.file->>'name', m.file->>'contentType', (m.file->>'size')::bigint,
           coalesce(jsonb_array_length(m.mentions), 0), coalesce(jsonb_array_length(m.links), 0),
           m.reaction_count, m.report_count, m.created_time, m.last_edited_time, m.properties
    from (select * from message where application_id = $1 and id > $2 order by id limit $3) m
    join channel c on c.id = m.channel_id
    left join "user" u on u.id = m.user_id
    order by m.id`,
}

export interface UserFacts {
  id: number
  type: string
  name: string
  displayName: string
  isGuest: boolean
  channelCount: number
  messageCount: number
  firstMessageTime: string | null
  lastMessageTime: string | null
  createdTime: string
  properties: Record<string, unknown>
}

/** Those of an application after one of them, by id; deleted ones are no users any more. */
export async function userFacts(db: Db, applicationId: number, afterId: number): Promise<UserFacts[]> {
  const rows = await db.query(usersStatement, [applicationId, afterId, exportBatchMax])
  return rows.map((row) => ({
    id: row[0] as number,
    type: row[1] as string,
    name: row[2] as string,
    displayName: row[3] as string,
    isGuest: row[4] as boolean,
    channelCount: row[5] as number,
    messageCount: row[6] as number,
    firstMessageTime: row[7] as string | null,
    lastMessageTime: row[8] as string | null,
    createdTime: row[9] as string,
    properties: row[10] as Record<string, unknown>,
  }))
}

const usersStatement = {
  name: 'user-facts',
  text: `
    select u.id, u.type, u.name, u.display_name, u.is_guest,
           (select count(*) from channel_membership cm where cm.user_id = u.id),
           sent.count,
           (select m.created_time from message m where m.user_id = u.id order by m.id limit 1),
           (select m.created_time from message m where m.user_id = u.id order by m.id desc limit 1),
           u.created_time, u.properties
    from (
      select * from "user" where application_id = $1 and id > $2 and deleted_time is null order by id limit $3
    ) u
    cross join lateral (select count(*) from message m where m.user_id = u.id) sent
    order by u.id`,
}

/** What is exported, row by row: told after each {@link exportBatchMax} of them. */
export async function* factsOf<F extends { id: number }>(
  next: (afterId: number) => Promise<F[]>,
): AsyncGenerator<F[]> {
  for (let facts = await next(0); facts.length > 0; ) {
    yield facts
    const last = facts.at(-1)
    facts = last && facts.length === exportBatchMax ? await next(last.id) : []
  }
}
