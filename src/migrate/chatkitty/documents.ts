// The fields of Platform API documents that are moved, and their conversion. The fields are those of the official
// OpenAPI document; even required ones may be absent.
import { MessageLink } from '#resources/message.ts'

export interface UserDocument {
  id: number
  type?: 'PERSON' | 'BOT'
  name: string
  displayName: string
  displayPictureUrl?: string
  isGuest?: boolean
  presence?: { status?: string; online?: boolean }
  properties?: Record<string, unknown>
}

export interface ChannelDocument {
  id: number
  type: 'DIRECT' | 'PUBLIC' | 'PRIVATE'
  name?: string
  displayName?: string
  creator?: UserDocument
  members?: UserDocument[]
  properties?: Record<string, unknown>
  createdTime: string
}

export interface MessageDocument {
  id: number
  type: 'TEXT' | 'FILE' | 'SYSTEM_TEXT' | 'SYSTEM_FILE'
  channelId: number
  user?: UserDocument
  body?: string
  file?: { type: string; url: string; name: string; contentType: string; size: number }
  groupTag?: string
  mentions?: {
    type: 'USER' | 'CHANNEL'
    tag: string
    startPosition: number
    endPosition: number
    user?: UserDocument
    channel?: { id: number }
  }[]
  links?: unknown[]
  nestedLevel?: number
  reactions?: { emoji: { character: string }; users: UserDocument[]; count: number }[]
  repliesCount?: number
  properties?: Record<string, unknown>
  createdTime: string
  lastEditedTime?: string
}

export interface NotificationDocument {
  id: number
  title: string
  body: string
  muted?: boolean
  readTime?: string
  createdTime: string
  data: { type: string; message?: { id: number }; mentionedChannel?: { id: number } }
}

/** Converts a user. The presence status of an online user is omitted, because it hides the one they have chosen. */
export function userOf(user: UserDocument, isDeleted = false) {
  const { type, name, displayName, isGuest, presence, properties } = user
  const presenceStatus = presence?.online ? undefined : presence?.status
  return { type, name, displayName, isGuest, presenceStatus, properties, isDeleted }
}

/** Returns a picture that a user has chosen; undefined for one generated from the name. */
export function pictureOf({ displayPictureUrl: url }: UserDocument, base: string) {
  if (url === undefined || !URL.canParse(url)) return undefined
  const { pathname, host, hostname } = new URL(url)
  if (/^(\/v1)?\/picture\//.test(pathname)) return undefined
  const isOwn = host === new URL(base).host || /(^|\.)chatkitty\.com$/.test(hostname)
  return { url, isHosted: isOwn }
}

export function channelOf({
  type,
  name,
  displayName,
  creator,
  members,
  properties,
  createdTime,
}: ChannelDocument) {
  return {
    type,
    name,
    displayName,
    creator: creator && String(creator.id),
    members: type === 'DIRECT' ? (members ?? []).map(({ id }) => String(id)) : [],
    properties,
    createdTime,
  }
}

export function messageOf(message: MessageDocument) {
  const { file, user, reactions, mentions, links } = message
  return {
    channel: String(message.channelId),
    user: user && String(user.id),
    body: message.body,
    file: file && {
      url: file.url,
      name: file.name,
      contentType: file.contentType,
      size: file.size,
      isHosted: file.type === 'HOSTED',
    },
    groupTag: message.groupTag,
    mentions: mentions?.flatMap(({ type, tag, startPosition, endPosition, user: mentioned, channel }) => {
      const id = type === 'USER' ? mentioned?.id : channel?.id
      return id === undefined ? [] : [{ type, tag, startPosition, endPosition, key: String(id) }]
    }),
    links: links?.flatMap((link) => MessageLink.safeParse(link).data ?? []),
    nestedLevel: message.nestedLevel,
    replies: message.repliesCount,
    reactions: (reactions ?? []).map(({ emoji, users }) => ({
      emoji: emoji.character,
      users: users.map(({ id }) => String(id)),
    })),
    properties: message.properties,
    createdTime: message.createdTime,
    lastEditedTime: message.lastEditedTime,
  }
}

/** Returns the number at the end of a link: `…/users/7`. */
export function idIn(link: { href: string } | undefined): number | undefined {
  const id = /\/(\d{1,18})$/.exec(link?.href ?? '')?.[1]
  return id === undefined ? undefined : Number(id)
}
