// The columns of each entity, and how an entity is made of them.
import {
  bool,
  type CellOf,
  type Columns,
  column,
  columnsOf,
  int4,
  int8,
  joined,
  jsonb,
  mapped,
  nullable,
  oneOf,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { counterValue } from '#data/events/counters.ts'
import type { Channel, ChannelType } from '#resources/channel.ts'
import type { File, Message, MessageLink, SeenMessage } from '#resources/message.ts'
import { generatedPictureUrl, hostedUrl } from '#resources/served.ts'
import type { User } from '#resources/user.ts'

export const userShape = {
  id: int8,
  type: oneOf<User['type']>(),
  name: text,
  displayName: text,
  isGuest: bool,
  callStatus: oneOf<NonNullable<User['callStatus']>>(),
  presenceStatus: text,
  presenceOnline: bool,
  pictureUrl: nullable(text),
  properties: jsonb<User['properties']>(),
}

/** Of a table or alias that holds users. */
export function userColumns(u: string): Columns<User> {
  return mapped(select(columnsOf(userShape, u)), (row) => ({
    id: row.id,
    type: row.type,
    name: row.name,
    displayName: row.displayName,
    displayPictureUrl: row.pictureUrl ?? generatedPictureUrl(row.displayName),
    isGuest: row.isGuest,
    callStatus: row.callStatus,
    presence: { status: row.presenceStatus, online: row.presenceOnline },
    properties: row.properties,
  }))
}

/** Of an outer join with users. */
export const authorColumns = (u: string): Columns<User | undefined> => joined(userColumns(u))

/** A user by the version of its row. */
interface UserVersion {
  id: number
  version: string
}

/** A file in our own store. */
export interface HostedFile {
  key: string
  name: string
  contentType: string
  size: number
}

/** A file as a message keeps it: one of ours has its key, and its address follows from that. */
export type StoredFile = ({ type: 'HOSTED' } & HostedFile) | (File & { type: 'EXTERNAL' })

function toFile(file: StoredFile): File {
  if (file.type === 'EXTERNAL') return file
  const { key, ...shown } = file
  return { ...shown, url: hostedUrl(file) }
}

/** A mention as it is kept: who is mentioned is looked up when it is read. */
export interface StoredMention {
  type: 'USER' | 'CHANNEL'
  tag: string
  startPosition: number
  endPosition: number
  id: number
}

/** A message whose mentions still name users and channels by id, and whose author may be told by its version alone. */
export type MessageRecord = SeenMessage & { [stored]?: StoredMention[]; [authored]?: UserVersion }
export const stored = Symbol('stored mentions')
export const authored = Symbol('version of the author')

export const messageShape = {
  id: int8,
  type: oneOf<Message['type']>(),
  channelId: int8,
  body: nullable(text),
  file: nullable(jsonb<StoredFile>()),
  groupTag: nullable(text),
  nestedLevel: int4,
  mentions: nullable(jsonb<StoredMention[]>()),
  links: nullable(jsonb<MessageLink[]>()),
  properties: jsonb<Message['properties']>(),
  createdTime: timestamptz,
  lastEditedTime: nullable(timestamptz),
  reportCount: int4,
  parentId: nullable(int8),
  reactionCount: int4,
}

/** Of a table or alias that holds messages, and one of their authors. */
export function messageColumns(m: string, author: string): Columns<MessageRecord> {
  return mapped(select({ ...ownColumns(m), user: authorColumns(author) }), assembleMessage)
}

/** The same, with the versions of authors: who they are is filled in by withAuthors. */
export function authoredColumns(m: string, author: string): Columns<MessageRecord> {
  const version = select({ id: column(int8, `${author}.id`), version: column(text, `${author}.xmin`) })
  return mapped(select({ ...ownColumns(m), author: joined(version) }), (parts) => {
    const record = assembleMessage(parts)
    if (parts.author !== undefined) record[authored] = parts.author
    return record
  })
}

function ownColumns(m: string) {
  const repliesCount = `case when ${m}.has_thread then ${counterValue('thread.messages', `${m}.id`)} end`
  return { ...columnsOf(messageShape, m), repliesCount: column(nullable(int8), repliesCount) }
}

/** A message in parts, as its row has them. */
export type MessageParts = {
  [K in keyof typeof messageShape]: CellOf<(typeof messageShape)[K]>
} & { repliesCount: number | null; user?: User | undefined }

/** What nobody has done to a message yet. */
export const untouched = {
  lastEditedTime: null,
  reportCount: 0,
  repliesCount: null,
  reactionCount: 0,
} as const

/** The fields of every variant; optional ones too must be said. */
type SharedFields = { [K in Exclude<keyof SeenMessage, 'type'>]: SeenMessage[K] | undefined }

/** One literal a variant, so that all messages of a variant share one hidden class. */
export function assembleMessage(parts: MessageParts): MessageRecord {
  const { id, type, channelId, nestedLevel, properties, createdTime, user } = parts
  const common = {
    id,
    channelId,
    groupTag: parts.groupTag ?? undefined,
    nestedLevel,
    properties,
    createdTime,
    lastEditedTime: parts.lastEditedTime ?? undefined,
    repliesCount: parts.repliesCount ?? undefined,
    // Filled in by withReactions, where there are any.
    reactions: parts.reactionCount > 0 ? [] : undefined,
    reportCount: parts.reportCount || undefined,
    parentId: parts.parentId ?? undefined,
  } satisfies SharedFields
  const text = { body: parts.body ?? '', links: parts.links ?? [], mentions: [] }
  const record = (
    type === 'TEXT'
      ? { type, ...common, ...text, user }
      : type === 'SYSTEM_TEXT'
        ? { type, ...common, ...text }
        : type === 'FILE'
          ? { type, ...common, file: parts.file && toFile(parts.file), user }
          : { type, ...common, file: parts.file && toFile(parts.file) }
  ) as MessageRecord // the database's checks keep body, file and user with their types
  if (parts.mentions !== null) record[stored] = parts.mentions
  return record
}

export const channelShape = {
  id: int8,
  type: oneOf<ChannelType>(),
  name: text,
  displayName: text,
  properties: jsonb<Channel['properties']>(),
  createdTime: timestamptz,
}

/**
 * Of channel `c`, its `creator`, and its `last` message with the `author`.
 * The members of a direct channel are loaded for a whole page at once; here they are empty.
 */
export const channelColumns: Columns<Channel> = mapped(
  select({
    ...columnsOf(channelShape, 'c'),
    creator: authorColumns('creator'),
    lastReceivedMessage: joined(messageColumns('last', 'author')),
  }),
  ({ type, id, creator, lastReceivedMessage, properties, createdTime, name, displayName }) => {
    const common = { id, creator, lastReceivedMessage, properties, createdTime }
    return (
      type === 'DIRECT'
        ? { type, ...common, name, members: [] } // which only the real-time runtime shows
        : { type, ...common, name, displayName }
    ) as Channel // a channel of a type has that type's columns
  },
)
