// Stores new messages.
import type { Database, Db } from '#data/database.ts'
import { GroupCommit, type Statements } from '#data/group-commit.ts'
import {
  assembleMessage,
  initialValues,
  type MessageRecord,
  type StoredFile,
  type StoredMention,
} from '#data/rows.ts'
import {
  type SentRow,
  sendColumns,
  sendManyStatement,
  sendOneStatement,
  sendWithFileStatement,
} from '#data/sql/send-messages.ts'
import type { Cause } from '#resources/events.ts'
import type { Message, MessageLink } from '#resources/message.ts'

export interface NewMessage {
  applicationId: number
  channelId: number
  /** Undefined for the channel's main thread. */
  thread?: { id: number; parentId: number | null; nestedLevel: number }
  /** The sender; undefined for a system message. */
  user?: { id?: number; username?: string }
  body?: string
  file?: StoredFile
  groupTag?: string
  mentions: StoredMention[]
  links: MessageLink[]
  properties: Record<string, unknown>
  /** Whether the sender, who must then be given by id, must be a member of the channel. */
  memberOnly?: boolean
  /** Who caused the message, for its event. */
  cause?: Partial<Cause>
  /** The trace that the event belongs to, if traces are recorded. */
  traceparent?: string | undefined
}

/** The stored message, the message of a channel that keeps none, or the reason why it was not sent. */
export type Sent =
  | MessageRecord
  | { unkept: MessageRecord }
  | 'no channel'
  | 'no user'
  | 'no member'
  | 'banned'

/**
 * Creates the sender of a database: concurrent messages are committed together.
 * @param grouped called with the size of each group
 */
export function openSender(
  db: Db,
  eventsWritten: () => void,
  grouped?: (size: number) => void,
): GroupCommit<NewMessage, Sent> {
  const run = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work
    eventsWritten()
    return result
  }
  const statements: Statements<NewMessage, Sent> = {
    async one(item) {
      return toSent(item, await run(db.one(sendOneStatement, toCells(item))))
    },
    async many(items) {
      const cells = items.map(toCells)
      const arrays = sendColumns.map((_, at) => cells.map((cell) => cell[at]))
      const rows = await run(db.all(sendManyStatement, arrays))
      return items.map((item, at) => toSent(item, rows[at]))
    },
  }
  return new GroupCommit(statements, grouped && { sent: grouped })
}

/** Sends a message with a hosted file, which is kept in the same commit. */
export async function sendWithFile(db: Database, item: NewMessage, key: string): Promise<Sent> {
  const sent = await db.one(sendWithFileStatement, [...toCells(item), key])
  db.eventsWritten()
  return toSent(item, sent)
}

function messageType({ user, file }: NewMessage): Message['type'] {
  if (user) return file ? 'FILE' : 'TEXT'
  return file ? 'SYSTEM_FILE' : 'SYSTEM_TEXT'
}

/** Returns the cells in the order of {@link sendColumns}. */
function toCells(item: NewMessage): unknown[] {
  return [
    item.applicationId,
    item.channelId,
    item.thread?.id ?? null,
    item.thread?.parentId ?? null,
    item.thread?.nestedLevel ?? 0,
    messageType(item),
    item.user !== undefined,
    item.user?.id ?? null,
    item.user?.username ?? null,
    item.body ?? null,
    item.file ? JSON.stringify(item.file) : null,
    item.groupTag ?? null,
    item.mentions.length > 0 ? JSON.stringify(item.mentions) : null,
    item.links.length > 0 ? JSON.stringify(item.links) : null,
    JSON.stringify(item.properties),
    item.memberOnly === true,
    toDetails(item),
  ]
}

function toDetails({ thread, cause, traceparent }: NewMessage): string | null {
  const parentId = thread?.parentId ?? undefined
  const isMore = cause || parentId !== undefined || traceparent !== undefined
  return isMore ? JSON.stringify({ parentId, traceparent, ...cause }) : null
}

function toSent(item: NewMessage, sent: SentRow | undefined): Sent {
  if (!sent?.hasChannel) return 'no channel'
  if (sent.isBanned) return 'banned'
  if (sent.id === null) return item.memberOnly ? 'no member' : 'no user'
  const message = assembleMessage({
    ...initialValues,
    id: sent.id,
    type: messageType(item),
    channelId: item.channelId,
    body: item.body ?? null,
    file: item.file ?? null,
    groupTag: item.groupTag ?? null,
    nestedLevel: item.thread?.nestedLevel ?? 0,
    mentions: item.mentions.length > 0 ? item.mentions : null,
    links: item.links,
    properties: item.properties,
    createdTime: sent.createdTime,
    parentId: item.thread?.parentId ?? null,
    user: sent.user,
  })
  return sent.isKept ? message : { unkept: message }
}
