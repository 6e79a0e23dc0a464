// The parts of the runtime's resources that the chat uses (runtime contract 7), including their links.
import type { Overrides } from './overrides.ts'

/** Links: where to request, subscribe and send. */
interface Linked {
  _relays: Record<string, string | undefined>
  _topics: Record<string, string>
  _actions: Record<string, string | undefined>
  _streams: Record<string, string>
}

export interface User extends Linked {
  id: number
  name: string
  displayName: string
  displayPictureUrl: string
  presence: { status: string; online: boolean }
}

export interface Channel extends Linked {
  id: number
  type: 'DIRECT' | 'PUBLIC' | 'PRIVATE'
  name: string
  displayName?: string
  /** Only in a DIRECT channel. */
  members?: User[]
  createdTime: string
  lastReceivedMessage?: Message
}

export interface SentFile {
  type: 'HOSTED' | 'EXTERNAL'
  url: string
  name: string
  contentType: string
  size: number
}

export interface Link {
  source: string
  startPosition: number
  endPosition: number
  preview?: {
    url: string
    title: string
    description?: string
    siteName?: string
    image?: { source: string }
  }
}

export interface Mention {
  tag: string
  startPosition: number
  endPosition: number
  user?: { displayName: string }
  channel?: { name?: string; displayName?: string }
}

export interface Message extends Linked {
  id: number
  channelId: number
  createdTime: string
  lastEditedTime?: string
  /** Absent in system messages. */
  user?: User
  body?: string
  links?: Link[]
  mentions?: Mention[]
  file?: SentFile
  reactions?: { emoji: { character: string; aliases: string[] }; users: User[]; count: number }[]
  nestedLevel: number
}

export interface Page<T> {
  _embedded?: Record<string, T[] | undefined>
  _relays: { next?: string }
}

/** Features for users; a feature is on unless its value is `disabled`. */
export interface Features {
  channel: { create: string }
  emoji: { picker: string }
  message: {
    attachments: Record<'audio' | 'file' | 'image' | 'video', string>
    links: { preview: string }
    reactions: string
    'read-receipts': string
    threads: string
    typing: string
  }
  user: { presence: string }
}

export interface Styles {
  'base-theme': 'light' | 'dark'
  stylesheet?: string
  overrides?: Overrides
}

/** Returns the name of a channel as shown to a user. */
export function titleOf(channel: Channel, me: User): string {
  if (channel.type !== 'DIRECT') return channel.displayName ?? channel.name
  const others = (channel.members ?? []).filter(({ id }) => id !== me.id)
  return others.map(({ displayName }) => displayName).join(', ') || me.displayName
}

/** Returns a one-line summary of a message. */
export function lineOf(message: Message | undefined): string {
  const { body, mentions = [], file } = message ?? {}
  if (body === undefined) return file?.name ?? ''
  let line = ''
  let at = 0
  for (const mention of [...mentions].sort((a, b) => a.startPosition - b.startPosition)) {
    line += body.slice(at, mention.startPosition) + mentioned(mention)
    at = mention.endPosition
  }
  return line + body.slice(at)
}

/** Returns the display name of the user or channel that a mention refers to. */
export function mentioned({ tag, user, channel }: Mention): string {
  if (user) return `@${user.displayName}`
  return channel ? `#${channel.displayName ?? channel.name ?? tag}` : tag
}
