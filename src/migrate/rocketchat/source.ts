// Reads Rocket.Chat's database: its collections `users`, `rocketchat_room`, `rocketchat_subscription` and
// `rocketchat_message`, as written by `mongoexport`, one document per line.
//
// The documents are IUser, IRoom, ISubscription and IMessage of RocketChat/Rocket.Chat (packages/core-typings/src), to
// which https://developer.rocket.chat/docs/room, …/message and …/user lead. Its own export (POST /api/v1/rooms.export)
// names neither rooms nor messages, and other users only by a number, so nothing could be recognised again.
import { type Document, listOf } from '#migrate/files/documents.ts'
import { linkFetcher } from '#migrate/files/fetch-linked.ts'
import {
  Descriptions,
  emojiOf,
  type FileOptions,
  fileOf,
  fileStep,
  mentionsIn,
  messagesOf,
  placesByTime,
  type ReadItems,
  unknown,
} from '#migrate/files/reading.ts'
import type { NotCarried } from '#migrate/report.ts'
import type { ReadItem, Source } from '#migrate/source.ts'

export interface RocketChatOptions extends FileOptions {
  /** The URL of the server whose files messages contain, because their links have no origin. */
  baseUrl?: string
}

const limits = [
  'Ids: everything gets new ones. Usernames stay, and room ids are no longer needed.',
  'Passwords and sign-ins: users of Chatterie are vouched for by a function. Roles, teams, e-mail addresses.',
  'What Rocket.Chat says itself, such as who joined; encrypted messages; omnichannel, calls, pins and stars.',
  'Files stay links to Rocket.Chat (--base-url says where it is), unless --copy-files fetches them; it gives protected ones to nobody who is not signed in.',
]

export function openRocketChat(options: RocketChatOptions): Source {
  const place = placesByTime()
  const described = new Descriptions()
  /** Ids by name: messages refer to users by id, but reactions by name. */
  const ids = new Map<string, string>()
  return {
    name: 'rocketchat',
    isWhole: false,
    steps: [
      fileStep(options, 'users', ['user'], (document) => {
        const isBest = kindOf(document) === 'user'
        const users = usersIn(document).filter(({ _id: id }) => described.take(String(id), isBest))
        for (const { _id: id, username } of users) ids.set(username, id)
        return {
          user: users.map(userOf),
          notCarried: kindOf(document) ? [] : [unknown(document, 'of none of the collections')],
        }
      }),
      fileStep(options, 'rooms', ['channel', 'member'], (document) => {
        const kind = kindOf(document)
        if (kind === 'room') return itemsOfRoom(document, ids)
        return kind === 'subscription' ? itemsOfSubscription(document) : {}
      }),
      fileStep(options, 'messages', ['message'], (document) =>
        kindOf(document) === 'message' ? itemsOfMessage(document, options, ids, place) : {},
      ),
    ],
    fetchFile: linkFetcher(options.baseUrl),
    limits,
  }
}

function kindOf(document: Document): 'user' | 'room' | 'subscription' | 'message' | undefined {
  const { _id: id, rid, msg, t, u, open, username, msgs, usersCount } = document
  if (id == null) return undefined
  if (typeof rid === 'string' && typeof msg === 'string') return 'message'
  if (typeof rid === 'string' && u && open !== undefined) return 'subscription'
  if (typeof t === 'string' && (msgs !== undefined || usersCount !== undefined)) return 'room'
  return typeof username === 'string' ? 'user' : undefined
}

/** Parses a time in MongoDB Extended JSON, relaxed or canonical. */
function timeOf(value: unknown): string | undefined {
  const date = typeof value === 'object' && value !== null && '$date' in value ? value.$date : value
  const given =
    typeof date === 'object' && date !== null && '$numberLong' in date ? Number(date.$numberLong) : date
  if (typeof given !== 'string' && typeof given !== 'number') return undefined
  const time = new Date(given)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}

const began = new Date(0).toISOString()

function usersIn(document: Document): Document[] {
  const kind = kindOf(document)
  if (kind === 'user') return [document]
  // Authors who no longer exist.
  return kind === 'message' && document.u?.username && document.u._id != null ? [document.u] : []
}

function userOf(user: Document): ReadItem {
  const { _id: key, username, name, customFields, bio, type, createdAt } = user
  return {
    key: String(key),
    place: Date.parse(timeOf(createdAt) ?? began),
    content: {
      type: type === 'bot' ? 'BOT' : 'PERSON',
      name: username,
      displayName: name || username,
      properties: { ...customFields, ...(bio && { bio }) },
      createdTime: timeOf(createdAt),
    },
  }
}

const types: Record<string, 'PUBLIC' | 'PRIVATE' | 'DIRECT'> = { c: 'PUBLIC', p: 'PRIVATE', d: 'DIRECT' }

function itemsOfRoom(room: Document, ids: Map<string, string>): ReadItems {
  const { _id: key, t, name, fname, u, topic, description, announcement, customFields } = room
  const type = types[t]
  if (type === undefined)
    return { notCarried: [{ kind: 'channel', key, reason: `it is a room of the type ${t}` }] }
  const createdTime = timeOf(room.ts) ?? began
  const members: string[] = room.uids ?? (room.usernames ?? []).flatMap((each: string) => ids.get(each) ?? [])
  const isDirect = type === 'DIRECT'
  const content = {
    type,
    name: isDirect ? undefined : name,
    displayName: isDirect ? undefined : fname || name,
    creator: isDirect ? undefined : u?._id,
    members: isDirect ? members : [],
    properties: Object.fromEntries(
      Object.entries({ ...customFields, topic, description, announcement }).filter(([, value]) => value),
    ),
    createdTime,
  }
  const joined = (isDirect ? members : []).map((user) => ({
    key: `${key} ${user}`,
    place: Date.parse(createdTime),
    content: { channel: key, user, createdTime },
  }))
  return { channel: [{ key, place: Date.parse(createdTime), content }], member: joined }
}

function itemsOfSubscription({ rid, u, ts, roles, t }: Document): ReadItems {
  if (t === 'd' || types[t] === undefined) return {}
  const createdTime = timeOf(ts) ?? began
  const moderator = ['owner', 'moderator'].some((role) => roles?.includes(role))
  const content = { channel: rid, user: u._id, moderator, createdTime }
  return { member: [{ key: `${rid} ${u._id}`, place: Date.parse(createdTime), content }] }
}

function itemsOfMessage(
  message: Document,
  { copyFiles, baseUrl }: RocketChatOptions,
  ids: Map<string, string>,
  place: (time: string) => number,
): ReadItems {
  const { _id: key, msg, t, rid, u, tmid, customFields } = message
  const notCarried: NotCarried[] = []
  const refuse = (reason: string): ReadItems => ({ notCarried: [{ kind: 'message', key, reason }] })
  if (message._hidden === true) return refuse('it is hidden: an earlier text, or deleted')
  if (t !== undefined) return refuse(`it is of the type ${t}`)
  const createdTime = timeOf(message.ts)
  if (createdTime === undefined) return refuse('it does not say when it was sent')
  const kept = listOf(message.files ?? [message.file])
  const files = listOf(message.attachments).flatMap((attachment) => {
    const link = attachment.title_link ?? attachment.image_url ?? attachment.video_url ?? attachment.audio_url
    if (attachment.message_link) return [] // a quotation, whose link is in the text
    const { name, type, size } = kept.find(({ _id: id }) => link?.includes(id)) ?? {}
    const file = fileOf(
      {
        url: link && URL.canParse(link, baseUrl) ? new URL(link, baseUrl).href : link,
        name: name ?? attachment.title,
        contentType: type ?? attachment.image_type ?? attachment.video_type ?? attachment.audio_type,
        size: size ?? attachment.image_size ?? attachment.video_size ?? attachment.audio_size,
      },
      copyFiles,
    )
    if (!file)
      notCarried.push({
        kind: 'attachment',
        key,
        reason: link ? 'its link needs --base-url' : 'it has no file',
      })
    return file ? [file] : []
  })
  if (msg === '' && files.length === 0) {
    return {
      notCarried: [...notCarried, { kind: 'message', key, reason: 'it has neither a text nor a file' }],
    }
  }
  const content = {
    channel: rid,
    user: u?._id,
    mentions: mentionsIn(
      msg,
      listOf(message.mentions).map((mentioned) => ({
        key: mentioned._id,
        names: [mentioned.username],
      })),
    ),
    nestedLevel: tmid ? 1 : 0,
    replies: message.tcount > 0 ? message.tcount : undefined,
    reactions: Object.entries<Document>(message.reactions ?? {}).flatMap(([name, { usernames = [] }]) => {
      const emoji = emojiOf(name)
      if (emoji === undefined) notCarried.push({ kind: 'reaction', key, reason: `there is no emoji ${name}` })
      const users = usernames.flatMap((each: string) => ids.get(each) ?? [])
      return emoji === undefined ? [] : [{ emoji, users }]
    }),
    properties: { ...customFields },
    createdTime,
    lastEditedTime: timeOf(message.editedAt),
  }
  return {
    message: messagesOf(key, place(createdTime), tmid, content, { body: msg || undefined, files }),
    notCarried,
  }
}
