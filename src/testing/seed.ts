// The initial content of a world. Items look as in the imports of the Platform API; users and channels are named.

export type Properties = Record<string, unknown>

/** A file hosted elsewhere. */
export interface SeedFile {
  url: string
  name: string
  contentType: string
  /** In bytes. */
  size: number
}

export interface SeedUser {
  name: string
  displayName: string
  /** Defaults to false. */
  isGuest?: boolean
  displayPicture?: SeedFile
  properties?: Properties
}

interface AnyChannel {
  /** Usernames. */
  members?: string[]
  /** A username. */
  creator?: string
  properties?: Properties
}

/** A channel between two users. */
export interface SeedDirectChannel extends AnyChannel {
  type: 'DIRECT'
}

export interface SeedGroupChannel extends AnyChannel {
  type: 'PUBLIC' | 'PRIVATE'
  name?: string
  displayName?: string
}

export type SeedChannel = SeedDirectChannel | SeedGroupChannel

interface AnyMessage {
  /** The name of its channel. */
  channel: string
  body: string
  groupTag?: string
  properties?: Properties
}

/** A message that a user wrote. */
export interface SeedUserMessage extends AnyMessage {
  type: 'TEXT'
  /** The username of the author. */
  user: string
}

/** A system message. */
export interface SeedSystemMessage extends AnyMessage {
  type: 'SYSTEM_TEXT'
}

export type SeedMessage = SeedUserMessage | SeedSystemMessage

/** The events that a chat function can handle. */
export type FunctionEvent =
  | 'user.attempted.start_session'
  | 'user.started.chat_session'
  | 'user.sent.message'
  | 'user.received.notification'
  | 'user.read.message'
  | 'user.received.channel_invite'
  | 'user.triggered.event'
  | 'system.triggered.event'
  | 'user.reacted_to.message'

export interface SeedFunction {
  name: string
  event: FunctionEvent
  /** TypeScript or JavaScript with a function `handleEvent`. */
  script: string
}

/**
 * The initial content of a world, created in this order. It triggers no functions, notifications or webhooks. An
 * invalid item makes the whole seed fail, with an error that names it (`seed.users[3].name`).
 */
export interface Seed {
  users?: SeedUser[]
  channels?: SeedChannel[]
  messages?: SeedMessage[]
  functions?: SeedFunction[]
}
