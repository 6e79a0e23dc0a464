// What a world's journal holds (testing contract 5), and how an entry is asked for.

import type { OperationId } from './operations.ts'
import type { FunctionEvent } from './seed.ts'
import type { DecidedEvent, WebhookEvent } from './webhook.ts'

interface AnyEntry {
  /** Counts up within the journal; `after` takes it. */
  position: number
  /** ISO 8601, by the server's clock. */
  time: string
  /** Whether a body was longer than what is kept of it. */
  truncated?: boolean
}

/** A request to the Platform API and its answer. Tokens, secrets and authorization headers never appear. */
export interface RequestEntry extends AnyEntry {
  kind: 'request'
  method: string
  /** As requested, without the query. */
  path: string
  query?: Record<string, string | string[]>
  /** None where no operation has that path. */
  operation?: OperationId
  /** Null where nothing was answered. */
  status: number | null
  durationMs: number
  /** The content type. */
  requestType?: string
  /** Parsed where it is JSON; the first 64 KiB. */
  requestBody?: unknown
  responseType?: string
  responseBody?: unknown
  /** The fault that applied, by its id. */
  fault?: number
}

/** A STOMP frame, from a client or to one. */
export interface FrameEntry extends AnyEntry {
  kind: 'frame'
  frame: 'CONNECT' | 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'SEND' | 'MESSAGE' | 'DISCONNECT'
  /** Of whose session it is. */
  username: string
  destination?: string
  /** Of the event in a MESSAGE. */
  type?: string
  /** Parsed where it is JSON; the first 64 KiB. */
  body?: unknown
  /** What a SUBSCRIBE says of how messages are acknowledged. */
  ack?: string
  /** The subscription that an UNSUBSCRIBE ends. */
  id?: string
  /** Whether the client said that it goes; of the end of a connection. */
  how?: 'disconnect' | 'lost'
  /** The fault that applied, by its id. */
  fault?: number
}

/** Something that happened, whoever did it by whatever door. */
export interface EventEntry extends AnyEntry {
  kind: 'event'
  /** Such as `channel.message.created`. */
  type: string
  /** Who did it, or whom it is about where a backend did it. */
  username?: string
  channelId?: number
  threadId?: number
  /** What it is about, by ids, such as `messageId`. */
  payload: Record<string, unknown>
}

/** A run of a chat function. */
export interface FunctionEntry extends AnyEntry {
  kind: 'function'
  /** Its name. */
  function: string
  type: FunctionEvent
  status: 'SUCCEEDED' | 'FAILED'
  durationMs: number
  /** What it was called with; without secrets, as all that follows. */
  event: Record<string, unknown>
  /** What it returned, where it succeeded. */
  result?: unknown
  /** Why it failed, where it did. */
  error?: { name: string; message: string; reason: string; [detail: string]: unknown }
  logs: unknown[]
  /** The fault that applied, by its id. */
  fault?: number
}

/** An attempt to tell a webhook; its signatures are left out. */
export interface WebhookEntry extends AnyEntry {
  kind: 'webhook'
  /** Its id. */
  webhook: number
  type: WebhookEvent | DecidedEvent | 'webhook.test'
  /** The header `webhook-id`, the same in every attempt. */
  delivery: string
  /** From 1 on. */
  attempt: number
  /** Null where nothing was answered. */
  status: number | null
  durationMs: number
  /** `{type, timestamp, data}`; the first 64 KiB. */
  requestBody: { type: string; timestamp: string; data: Record<string, unknown> } | string
  /** Parsed where it is JSON; the first 64 KiB. */
  responseBody?: unknown
  /** Why it failed, where it did: it is tried again. */
  error?: string
  /** The fault that applied, by its id. */
  fault?: number
}

export type JournalEntry = RequestEntry | FrameEntry | EventEntry | FunctionEntry | WebhookEntry

export type EntryKind = JournalEntry['kind']

/** The entry of a kind. */
export type EntryOf<K extends EntryKind> = Extract<JournalEntry, { kind: K }>

/**
 * What an entry must have: a subset of it, at any depth. Objects may hold more than is named; an array must be as long,
 * and match item by item.
 */
export type Match<K extends EntryKind = EntryKind> = { kind?: K } & {
  [F in keyof EntryOf<K>]?: EntryOf<K>[F]
}

/** Which entries to list; all, where nothing is said. */
export interface JournalFilter<K extends EntryKind = EntryKind> {
  kind?: K
  operation?: OperationId
  type?: string
  username?: string
  /** Only what came later than this entry, or position. */
  after?: number | JournalEntry
}
