// Reads Sendbird's data export of users, channels and messages, as JSON.
//
// https://sendbird.com/docs/chat/v3/platform-api/data-export/data-export-overview documents its content; its resources
// are those of the Platform API (…/platform-api/message/message-overview, …/channel/channel-overview,
// …/user/user-overview). The files, `{ active_users }`, `{ group_channels }` and `{ messages, channel }`, look as in
// talkjs/talkjs-examples (rest-api/migrate-data-from-sendbird-to-talkjs). No export of open channels was found.
import { type Document, listOf } from '#migrate/files/documents.ts'
import { linkFetcher } from '#migrate/files/fetch-linked.ts'
import {
  Descriptions,
  type FileOptions,
  fileOf,
  fileStep,
  mentionsIn,
  messagesOf,
  placesByTime,
  type ReadItems,
} from '#migrate/files/reading.ts'
import type { NotCarried } from '#migrate/report.ts'
import type { ReadItem, Source } from '#migrate/source.ts'

const limits = [
  'Users that no exported file mentions, and anything of channels that were not exported. An export covers 31 days of messages at most: give all of its files at once.',
  'Ids: everything gets new ones. User ids are the usernames here, and channel URLs the names of channels.',
  'Reactions, threads’ participants, polls, translations, bans and mutes: not in the exported messages.',
  'Open channels: how they are exported is not documented.',
  'Files stay links to Sendbird, unless --copy-files fetches them; such links end when one leaves.',
]

const parts = ['active_users', 'group_channels', 'messages', 'channel']

export function openSendbird(options: FileOptions): Source {
  const place = placesByTime()
  const described = new Descriptions()
  /** By channel and user, the time up to which they have read. */
  const readUntil = new Map<string, Record<string, number>>()
  return {
    name: 'sendbird',
    isWhole: false,
    steps: [
      fileStep(options, 'users', ['user', 'picture'], (document) => {
        const isBest = document.active_users !== undefined
        const all = usersIn(document).filter(({ user_id: id }) => described.take(String(id), isBest))
        const users = new Map(all.map((user) => [String(user.user_id), user]))
        return {
          user: [...users].map(([key, user]) => userOf(key, user)),
          picture: [...users].flatMap(([key, user]) => pictureOf(key, user, options.copyFiles)),
          notCarried: Object.keys(document)
            .filter((part) => Array.isArray(document[part]) && !parts.includes(part))
            .map((part) => ({ kind: 'document', key: part, reason: 'no part of an export that is known' })),
        }
      }),
      fileStep(options, 'channels', ['channel', 'member', 'invite'], (document) => {
        const all = [...listOf(document.group_channels), ...listOf([document.channel])]
        const channels = all.filter(({ channel_url: key }) => key != null)
        for (const { channel_url: key, read_receipt: receipts } of channels) {
          if (receipts && Object.keys(receipts).length > 0) readUntil.set(key, receipts)
        }
        return {
          channel: channels.map(channelOf),
          notCarried: all
            .filter((channel) => !channels.includes(channel))
            .map(({ name }) => ({
              kind: 'channel',
              key: String(name ?? ''),
              reason: 'it has no channel_url',
            })),
          member: channels.flatMap((channel) => membersOf(channel, 'joined')),
          invite: channels.flatMap((channel) => membersOf(channel, 'invited')),
        }
      }),
      fileStep(options, 'messages', ['message', 'receipts'], (document) => {
        const said = listOf(document.messages).map((message) => itemsOfMessage(message, options, place))
        const message = said.flatMap((each) => each.message ?? [])
        return {
          message,
          notCarried: said.flatMap((each) => each.notCarried ?? []),
          receipts: message.flatMap((item) => receiptsOf(item, readUntil)),
        }
      }),
    ],
    fetchFile: linkFetcher(),
    limits,
  }
}

function usersIn({ active_users: users, group_channels: channels, messages, channel }: Document): Document[] {
  const members = [...listOf(channels), ...(channel ? [channel] : [])].flatMap((each) => listOf(each.members))
  return [...listOf(users), ...members, ...listOf(messages).map(({ user }) => user)].filter(
    (user) => user?.user_id != null && user.user_id !== '',
  )
}

function userOf(key: string, user: Document): ReadItem {
  const { metadata } = user
  return {
    key,
    place: 0,
    content: {
      type: user.is_bot === true ? 'BOT' : 'PERSON',
      name: key,
      displayName: user.nickname || user.name || key,
      properties: metadata && typeof metadata === 'object' ? metadata : {},
    },
  }
}

function pictureOf(key: string, user: Document, isHosted: boolean): ReadItem[] {
  const url = user.profile_url || user.image
  return typeof url === 'string' && /^https?:/.test(url)
    ? [{ key, place: 0, content: { url, isHosted } }]
    : []
}

/** Parses times, which channels have in seconds and messages in milliseconds: neither has times before 1973. */
function timeOf(value: unknown): string | undefined {
  const number = Number(value)
  if (!Number.isFinite(number) || number <= 0 || number > 8.64e15) return undefined
  return new Date(number < 1e11 ? number * 1_000 : number).toISOString()
}

const began = new Date(0).toISOString()

function channelOf(channel: Document): ReadItem {
  const { channel_url: key, name, is_distinct: isDistinct, is_public: isPublic } = channel
  const members = listOf(channel.members)
  const isDirect = isDistinct === true && members.length > 0 && members.length <= 10
  const createdTime = timeOf(channel.created_at) ?? began
  const { data, custom_type: customType, cover_url: coverUrl } = channel
  return {
    key: String(key),
    place: Date.parse(createdTime),
    content: {
      type: isDirect ? 'DIRECT' : isPublic === true ? 'PUBLIC' : 'PRIVATE',
      name: isDirect ? undefined : key,
      displayName: isDirect ? undefined : name || key,
      creator: channel.created_by?.user_id,
      members: isDirect ? members.map(({ user_id: id }) => id) : [],
      properties: shown({ data, customType, coverUrl }),
      createdTime,
    },
  }
}

/** Omits blank fields. */
const shown = (fields: Document) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value))

function membersOf(channel: Document, state: 'joined' | 'invited'): ReadItem[] {
  const key = String(channel.channel_url)
  const createdTime = timeOf(channel.created_at) ?? began
  return listOf(channel.members)
    .filter((member) => (member.state || 'joined') === state)
    .map((member) => {
      const moderator = state === 'joined' ? { moderator: member.role === 'operator' } : {}
      const content = { channel: key, user: member.user_id, ...moderator, createdTime }
      return { key: `${key} ${member.user_id}`, place: Date.parse(createdTime), content }
    })
}

function itemsOfMessage(
  message: Document,
  { copyFiles }: FileOptions,
  place: (time: string) => number,
): ReadItems {
  const {
    message_id: id,
    type,
    message: text,
    user,
    channel_url: channel,
    data,
    custom_type: customType,
  } = message
  const key = String(id)
  const refuse = (reason: string): ReadItems => ({
    notCarried: [{ kind: 'message', key, reason } satisfies NotCarried],
  })
  if (id == null) return refuse('it has no id')
  if (message.is_removed === true) return refuse('it was deleted')
  if (!['MESG', 'FILE', 'ADMM'].includes(type)) return refuse(`it is of the type ${type}`)
  const createdTime = timeOf(message.created_at)
  if (createdTime === undefined) return refuse('it does not say when it was sent')
  const { url, name, type: contentType, size } = message.file ?? {}
  const file = type === 'FILE' ? fileOf({ url, name, contentType, size }, copyFiles) : undefined
  if (type === 'FILE' && !file) return refuse('its file has no link')
  const parent = message.parent_message_id > 0 ? String(message.parent_message_id) : undefined
  const content = {
    channel,
    user: type === 'ADMM' ? undefined : user?.user_id,
    mentions: mentionsIn(
      text ?? '',
      listOf(message.mentioned_users).map((mentioned) => ({
        key: mentioned.user_id,
        names: [mentioned.nickname, mentioned.user_id],
      })),
    ),
    nestedLevel: parent ? 1 : 0,
    properties: shown({ data, customType }),
    createdTime,
    lastEditedTime: timeOf(message.updated_at),
  }
  const parts = { body: file ? undefined : text || undefined, files: file ? [file] : [] }
  if (!file && !parts.body) return refuse('it has no text')
  return { message: messagesOf(key, place(createdTime), parent, content, parts) }
}

function receiptsOf(
  { key, place, content }: ReadItem,
  readUntil: Map<string, Record<string, number>>,
): ReadItem[] {
  const { channel, user, createdTime } = content as { channel: string; user?: string; createdTime: string }
  const until = readUntil.get(channel)
  if (!until) return []
  const readers = Object.entries(until).flatMap(([reader, value]) => {
    const time = timeOf(value)
    return time !== undefined && time >= createdTime && reader !== user ? [{ user: reader, time }] : []
  })
  return [{ key, place, content: { channel, author: user, readers } }]
}
