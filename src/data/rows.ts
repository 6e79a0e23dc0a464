// The columns of each entity and how a row becomes one. A list of columns and its reader stand together, because
// the reader goes by position: rows are arrays, which a page of them reads twice as fast as objects.
import { counterValue } from '#data/counters.ts'
import type { Row } from '#data/database.ts'
import type { Channel, ChannelType } from '#resources/channel.ts'
import type { File, Message, MessageLink, SeenMessage } from '#resources/message.ts'
import { generatedPictureUrl, hostedUrl } from '#resources/served.ts'
import type { User } from '#resources/user.ts'

/** Of a table or alias that holds users; 10 columns. */
export const userColumns = (u: string) =>
  `${u}.id, ${u}.type, ${u}.name, ${u}.display_name, ${u}.is_guest, ${u}.call_status, ${u}.presence_status,` +
  ` ${u}.presence_online, ${u}.picture_url, ${u}.properties`
const userWidth = 10

/** Reads {@link userColumns} from column `at` on; undefined where an outer join found nobody. */
export function toUser(row: Row, at = 0): User | undefined {
  if (row[at] === null) return undefined
  const displayName = row[at + 3] as string
  return {
    id: row[at] as number,
    type: row[at + 1] as User['type'],
    name: row[at + 2] as string,
    displayName,
    displayPictureUrl: (row[at + 8] as string | null) ?? generatedPictureUrl(displayName),
    isGuest: row[at + 4] as boolean,
    callStatus: row[at + 5] as 'AVAILABLE' | 'IN_CALL',
    presence: { status: row[at + 6] as string, online: row[at + 7] as boolean },
    properties: row[at + 9] as User['properties'],
  }
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

/** A message whose mentions still name users and channels by id. */
export type MessageRecord = SeenMessage & { [stored]?: StoredMention[] }
export const stored = Symbol('stored mentions')

/** Of a table or alias that holds messages; 17 columns. */
export const messageColumns = (m: string) =>
  `${m}.id, ${m}.type, ${m}.channel_id, ${m}.body, ${m}.file, ${m}.group_tag, ${m}.nested_level, ${m}.mentions,` +
  ` ${m}.links, ${m}.properties, ${m}.created_time, ${m}.last_edited_time, ${m}.thread_id, ${m}.report_count,` +
  ` case when ${m}.has_thread then ${counterValue('thread.messages', `${m}.id`)} end, ${m}.parent_id,` +
  ` ${m}.reaction_count`
export const messageWidth = 17

/** Reads {@link messageColumns} from `at` on, and its author's {@link userColumns} behind them. */
export function toMessage(row: Row, at = 0): MessageRecord | undefined {
  if (row[at] === null) return undefined
  return assembleMessage({
    id: row[at] as number,
    type: row[at + 1] as Message['type'],
    channelId: row[at + 2] as number,
    body: row[at + 3] as string | null,
    file: row[at + 4] as StoredFile | null,
    groupTag: row[at + 5] as string | null,
    nestedLevel: row[at + 6] as number,
    mentions: row[at + 7] as StoredMention[] | null,
    links: row[at + 8] as MessageLink[] | null,
    properties: row[at + 9] as Message['properties'],
    createdTime: row[at + 10] as string,
    lastEditedTime: row[at + 11] as string | null,
    reportCount: row[at + 13] as number,
    repliesCount: row[at + 14] as number | null,
    parentId: row[at + 15] as number | null,
    reactionCount: row[at + 16] as number,
    user: toUser(row, at + messageWidth),
  })
}

export interface MessageParts {
  id: number
  type: Message['type']
  channelId: number
  body: string | null
  file: StoredFile | null
  groupTag: string | null
  nestedLevel: number
  mentions: StoredMention[] | null
  links: MessageLink[] | null
  properties: Message['properties']
  createdTime: string
  lastEditedTime: string | null
  reportCount: number
  repliesCount: number | null
  parentId: number | null
  reactionCount: number
  user: User | undefined
}

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
  }
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

export const authoredMessageWidth = messageWidth + userWidth

/** Of a table or alias that holds channels; 6 columns. */
export const channelColumns = (c: string) =>
  `${c}.id, ${c}.type, ${c}.name, ${c}.display_name, ${c}.properties, ${c}.created_time`
export const channelWidth = 6

/**
 * Reads {@link channelColumns}, its creator's {@link userColumns}, then its last message with author.
 * The members of a direct channel are loaded for a whole page at once; here they are empty.
 */
export function toChannel(row: Row): Channel {
  const type = row[1] as ChannelType
  const common = {
    id: row[0] as number,
    creator: toUser(row, channelWidth),
    lastReceivedMessage: toMessage(row, channelWidth + userWidth),
    properties: row[4] as Channel['properties'],
    createdTime: row[5] as string,
  }
  return (
    type === 'DIRECT'
      ? { type, ...common, name: row[2], members: [] } // which only the real-time runtime shows
      : { type, ...common, name: row[2], displayName: row[3] }
  ) as Channel // a channel of a type has that type's columns
}
