// The columns of each entity, and how an entity is assembled from them.
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

/** The columns of users, read from a table or alias. */
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

/** The columns of users of an outer join. */
export const authorColumns = (u: string): Columns<User | undefined> => joined(userColumns(u))

/** A user's id and the version of their row. */
export interface UserVersion {
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

/** A file as stored with a message. A hosted one has its key instead of its address, which is derived from the key. */
export type StoredFile = ({ type: 'HOSTED' } & HostedFile) | (File & { type: 'EXTERNAL' })

function toFile(file: StoredFile): File {
  if (file.type === 'EXTERNAL') return file
  const { key, ...shown } = file
  return { ...shown, url: hostedUrl(file) }
}

/** A mention as stored: the user or channel is loaded when it is read. */
export interface StoredMention {
  type: 'USER' | 'CHANNEL'
  tag: string
  startPosition: number
  endPosition: number
  id: number
}

/** A message with its mentions as stored, and possibly only the version of its author. */
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

/** The columns of messages and their authors, read from tables or aliases. */
export function messageColumns(m: string, author: string): Columns<MessageRecord> {
  return mapped(select({ ...ownColumns(m), user: authorColumns(author) }), assembleMessage)
}

/** The same, with only the versions of authors, who are filled in by withAuthors. */
export function authoredColumns(m: string, author: string): Columns<MessageRecord> {
  return mapped(select({ ...ownColumns(m), author: versionColumns(author) }), (parts) => {
    const record = assembleMessage(parts)
    if (parts.author !== undefined) record[authored] = parts.author
    return record
  })
}

/** The columns of the versions of users of an outer join. */
function versionColumns(u: string): Columns<UserVersion | undefined> {
  return joined(select({ id: column(int8, `${u}.id`), version: column(text, `${u}.xmin`) }))
}

function ownColumns(m: string) {
  const repliesCount = `case when ${m}.has_thread then ${counterValue('thread.messages', `${m}.id`)} end`
  return { ...columnsOf(messageShape, m), repliesCount: column(nullable(int8), repliesCount) }
}

/** The values of a message's columns. */
export type MessageParts = {
  [K in keyof typeof messageShape]: CellOf<(typeof messageShape)[K]>
} & { repliesCount: number | null; user?: User | undefined }

/** The initial values of the columns that change later. */
export const initialValues = {
  lastEditedTime: null,
  reportCount: 0,
  repliesCount: null,
  reactionCount: 0,
} as const

/** The fields of every variant; optional ones must be given as well. */
type SharedFields = { [K in Exclude<keyof SeenMessage, 'type'>]: SeenMessage[K] | undefined }

/** One object literal per variant, so that all messages of a variant share one hidden class. */
export function assembleMessage(parts: MessageParts): MessageRecord {
  const { id, type, channelId, nestedLevel, properties, createdTime, user } = parts
  const common = {
    id,
    channelId,
    groupTag: parts.groupTag || undefined,
    nestedLevel,
    properties,
    createdTime,
    lastEditedTime: parts.lastEditedTime ?? undefined,
    repliesCount: parts.repliesCount ?? undefined,
    // Filled in by withReactions, if there are any.
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
  ) as MessageRecord // the database's check constraints match body, file and user with the type
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

/** A channel, possibly with only the version of its creator. */
export type ChannelRecord = Channel & { [created]?: UserVersion }
export const created = Symbol('version of the creator')

/**
 * The columns of channel `c`, its `creator`, and its `last` message with the `author`. The members of a direct channel
 * are loaded for a whole page at once and are empty here.
 */
export const channelColumns: Columns<Channel> = mapped(
  select({
    ...columnsOf(channelShape, 'c'),
    creator: authorColumns('creator'),
    lastReceivedMessage: joined(messageColumns('last', 'author')),
  }),
  assembleChannel,
)

/** The same, with only the versions of creators and authors, who are filled in by withCreators and withAuthors. */
export const authoredChannelColumns: Columns<ChannelRecord> = mapped(
  select({
    ...columnsOf(channelShape, 'c'),
    creator: versionColumns('creator'),
    lastReceivedMessage: joined(authoredColumns('last', 'author')),
  }),
  ({ creator, ...parts }) => {
    const record: ChannelRecord = assembleChannel(parts)
    if (creator !== undefined) record[created] = creator
    return record
  },
)

type ChannelParts = { [K in keyof typeof channelShape]: CellOf<(typeof channelShape)[K]> } & {
  creator?: User | undefined
  lastReceivedMessage: Message | undefined
}

function assembleChannel(parts: ChannelParts): Channel {
  const { type, id, creator, lastReceivedMessage, properties, createdTime, name, displayName } = parts
  const common = { id, creator, lastReceivedMessage, properties, createdTime }
  return (
    type === 'DIRECT'
      ? { type, ...common, name, members: [] } // shown by the real-time API only
      : { type, ...common, name, displayName }
  ) as Channel // a channel has the columns of its type
}
