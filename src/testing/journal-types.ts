// The entries of a world's journal (testing contract 5), and filters for them.

import type { OperationId } from './operations.ts'
import type { FunctionEvent } from './seed.ts'
import type { DecidedEvent, WebhookEvent } from './webhook.ts'

interface AnyEntry {
  /** Increases by one within the journal; used with `after`. */
  position: number
  /** ISO 8601, by the server's clock. */
  time: string
  /** Whether a body was shortened. */
  truncated?: boolean
}

/** A request to the Platform API and its answer. Tokens, secrets and authorization headers never appear. */
export interface RequestEntry extends AnyEntry {
  kind: 'request'
  method: string
  /** As requested, without the query. */
  path: string
  query?: Record<string, string | string[]>
  /** Absent if the path belongs to no operation. */
  operation?: OperationId
  /** Null if no answer was sent. */
  status: number | null
  durationMs: number
  /** The content type. */
  requestType?: string
  /** The first 64 KiB, parsed if it is JSON. */
  requestBody?: unknown
  responseType?: string
  responseBody?: unknown
  /** The id of the fault that applied. */
  fault?: number
}

/** A STOMP frame from or to a client. */
export interface FrameEntry extends AnyEntry {
  kind: 'frame'
  frame: 'CONNECT' | 'SUBSCRIBE' | 'UNSUBSCRIBE' | 'SEND' | 'MESSAGE' | 'DISCONNECT'
  /** The user of the session. */
  username: string
  destination?: string
  /** The type of the event in a MESSAGE. */
  type?: string
  /** The first 64 KiB, parsed if it is JSON. */
  body?: unknown
  /** The acknowledgement mode of a SUBSCRIBE. */
  ack?: string
  /** The subscription that an UNSUBSCRIBE ends. */
  id?: string
  /** How a connection ended: whether the client announced it. */
  how?: 'disconnect' | 'lost'
  /** The id of the fault that applied. */
  fault?: number
}

/** A domain event, caused by a user or a backend through any API. */
export interface EventEntry extends AnyEntry {
  kind: 'event'
  /** Such as `channel.message.created`. */
  type: string
  /** The user who caused the event or, if a backend did, the user it concerns. */
  username?: string
  channelId?: number
  threadId?: number
  /** The ids of what the event concerns, such as `messageId`. */
  payload: Record<string, unknown>
}

/** A run of a chat function. */
export interface FunctionEntry extends AnyEntry {
  kind: 'function'
  /** The name of the function. */
  function: string
  type: FunctionEvent
  status: 'SUCCEEDED' | 'FAILED'
  durationMs: number
  /** The argument of the function; like the fields below, without secrets. */
  event: Record<string, unknown>
  /** The returned value if the run succeeded. */
  result?: unknown
  /** The error if the run failed. */
  error?: { name: string; message: string; reason: string; [detail: string]: unknown }
  logs: unknown[]
  /** The id of the fault that applied. */
  fault?: number
}

/** A delivery attempt of a webhook; signatures are omitted. */
export interface WebhookEntry extends AnyEntry {
  kind: 'webhook'
  /** The id of the webhook. */
  webhook: number
  type: WebhookEvent | DecidedEvent | 'webhook.test'
  /** The header `webhook-id`, the same for every attempt. */
  delivery: string
  /** Starts at 1. */
  attempt: number
  /** Null if there was no answer. */
  status: number | null
  durationMs: number
  /** `{type, timestamp, data}`; the first 64 KiB. */
  requestBody: { type: string; timestamp: string; data: Record<string, unknown> } | string
  /** The first 64 KiB, parsed if it is JSON. */
  responseBody?: unknown
  /** The reason if the attempt failed; it is retried. */
  error?: string
  /** The id of the fault that applied. */
  fault?: number
}

export type JournalEntry = RequestEntry | FrameEntry | EventEntry | FunctionEntry | WebhookEntry

export type EntryKind = JournalEntry['kind']

/** The entry type of a kind. */
export type EntryOf<K extends EntryKind> = Extract<JournalEntry, { kind: K }>

/**
 * A subset that an entry must contain, at any depth. Objects may have additional fields; arrays must have the same
 * length and match item by item.
 */
export type Match<K extends EntryKind = EntryKind> = { kind?: K } & {
  [F in keyof EntryOf<K>]?: Subset<EntryOf<K>[F]>
}

type Subset<T> = T extends readonly unknown[] ? T : T extends object ? { [F in keyof T]?: Subset<T[F]> } : T

/** Which entries to list; all if nothing is given. */
export interface JournalFilter<K extends EntryKind = EntryKind> {
  kind?: K
  operation?: OperationId
  type?: string
  username?: string
  /** Only entries after this entry or position. */
  after?: number | JournalEntry
}
