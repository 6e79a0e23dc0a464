// What there is to say of an event: the vocabulary of resources/events.ts.
import type { EventType } from '#resources/events.ts'
import type { FunctionType } from '#resources/function.ts'
import type { UserTopic } from '#resources/user.ts'
import type { WebhookType } from '#resources/webhook.ts'

/** A number kept ready because counting it would read a big table; see data/events/counters.ts. */
export type CounterScope =
  | 'application.users'
  | 'application.channels'
  | 'application.public_channels'
  | 'application.messages'
  | 'application.memberships'
  | 'channel.members'
  | 'channel.messages'
  | 'channel.main_messages'
  | 'thread.messages'

type Owner = 'application' | 'channel' | 'thread'

/** `channel.messages` counts per channel. */
export function ownerOf(scope: CounterScope): Owner {
  return scope.split('.')[0] as Owner
}

/** What is loaded, as it is now, so that an event can be presented. */
export type EventSubject =
  /** Of `payload.userId`. */
  | 'users'
  | 'channels'
  /** Of `payload.messageId`, and of `payload.parentId` where a reply changes what its parent shows. */
  | 'messages'
  | 'threads'
  | 'notifications'
  /** What user interfaces of the application show. */
  | 'uis'
  /** Where those see the user who are present. */
  | 'livelyChannels'

/** Who hears an event. */
type EventAudience =
  /** It is counted, or handed to functions, alone. */
  | 'nobody'
  /** Whom its payload names: `userId`, `by`, `authorId`. */
  | 'users'
  /** The members of its channel. */
  | 'channel'
  /** Both. */
  | 'channel and users'
  /** Everybody in the application. */
  | 'application'

/** What an event sets off besides being delivered. */
export type EventEffect =
  /** Members who are not there get a notification of its message. */
  | 'notifies members'
  /** Its channel moves to the front of lists by last activity. */
  | 'moves channel'
  /** Who had hidden its channel sees it again. */
  | 'unhides channel'
  /** Its channel shows something else of itself. */
  | 'changes channel'
  /** Its channel may show another last message. */
  | 'changes last message'
  /** Its user, or all members, are in its channel no longer. */
  | 'ends membership'
  /** The sessions of its user end. */
  | 'ends sessions'
  /** What its user sees of the channel is another part: sessions look it up again. */
  | 'reloads relations'
  /** Its user has stopped typing. */
  | 'ends typing'

/** What answers the session that acted: the topic of its user, and the type of the message (runtime contract 4.4). */
export interface EchoAddress {
  topic: UserTopic
  type: string
}

/** The functions that an event sets off. */
interface EventFunctions {
  /** Where it has a user: `payload.userId`. */
  byUser?: FunctionType
  /** Where it has none. */
  bySystem?: FunctionType
  /** They are asked for where it is written, which knows more than the event says. */
  isAskedBefore?: true
}

export interface EventDescription {
  /** The counters that its `count` is added to. */
  counts: readonly CounterScope[]
  audience: EventAudience
  subjects: readonly EventSubject[]
  /** By outcome, where it has more than one. */
  echo: EchoAddress | Record<string, EchoAddress> | null
  effects?: readonly EventEffect[]
  /** What its payload says of whose relations to channels and to others it changes; see domain/sessions/relations.ts. */
  relates?: 'userId' | 'memberIds' | 'by'
  functions?: EventFunctions
  /** What webhooks are told of; by whether `payload.online` is true, where that makes another thing of it. */
  webhook?: WebhookType | { online: WebhookType; offline: WebhookType }
}

/** The action of a session that an event answers: its own client gets the event with the action's receipt. */
export interface Cause {
  /** The user who acted. */
  by: number
  /** The key of its session. */
  session: string
  receipt?: string
}

/** Ids, and what is gone once the commit is done. */
export interface EventPayload extends Partial<Cause> {
  /** Whom the event is about. */
  userId?: number | null
  messageId?: number
  threadId?: number
  /** What set it off, where that is traced [W3C Trace Context]. */
  traceparent?: string
  [detail: string]: unknown
}

/** An event as it is written. */
export interface EventDraft {
  type: EventType
  applicationId: number
  channelId?: number
  threadId?: number
  /** What it adds to its counters; negative where it removes. */
  count?: number
  payload?: EventPayload
}

/** A committed event. */
export interface CommittedEvent {
  type: EventType
  applicationId: number
  channelId: number | null
  threadId: number | null
  payload: EventPayload
  /** Its offset: its place in the order in which events are published. */
  position: number
  /** When it was written, in milliseconds by the clock of whoever took it; absent where it is read from the log. */
  writtenAt?: number
}

export function echo<T extends UserTopic, N extends string>(topic: T, type: N): { topic: T; type: N } {
  return { topic, type }
}
