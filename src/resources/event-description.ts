// The vocabulary that describes events in resources/events.ts.
import type { SeenChannel } from '#resources/channel.ts'
import type { SendChannelEvent } from '#resources/channel-event.ts'
import type { EventType } from '#resources/events.ts'
import type { FunctionType } from '#resources/function.ts'
import type { SeenMessage } from '#resources/message.ts'
import type { UserTopic } from '#resources/user.ts'
import type { WebhookType } from '#resources/webhook.ts'

/** A count that is stored because counting would read a large table; see data/events/counters.ts. */
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

/** Returns what a counter belongs to: `channel.messages` counts per channel. */
export function ownerOf(scope: CounterScope): Owner {
  return scope.split('.')[0] as Owner
}

/** What is loaded, in its current state, to present an event. */
export type EventSubject =
  /** The user in `payload.userId`. */
  | 'users'
  | 'channels'
  /** The message in `payload.messageId`, and the one in `payload.parentId` if a reply changes what its parent shows. */
  | 'messages'
  /** The message in `payload.parentId`, where the event's own message is gone. */
  | 'parents'
  | 'threads'
  | 'notifications'
  /** The settings of the application's chat user interfaces. */
  | 'uis'
  /** Channels of the event's user in which someone is present. */
  | 'livelyChannels'

/** Who receives an event. */
type EventAudience =
  /** Not delivered, only counted or passed to functions. */
  | 'nobody'
  /** The users that its payload names: `userId`, `by`, `authorId`. */
  | 'users'
  /** The members of its channel. */
  | 'channel'
  /** Both of the above. */
  | 'channel and users'
  /** All users of the application. */
  | 'application'

/** Effects of an event in addition to its delivery. */
export type EventEffect =
  /** Absent members get a notification of its message. */
  | 'notifies members'
  /** Its channel moves to the front of lists sorted by last activity. */
  | 'moves channel'
  /** Users who had hidden its channel see it again. */
  | 'unhides channel'
  /** The presentation of its channel changes. */
  | 'changes channel'
  /** The last message of its channel may change. */
  | 'changes last message'
  /** Its user, or every member, is no longer in its channel. */
  | 'ends membership'
  /** The sessions of its user end. */
  | 'ends sessions'
  /** What its user may see of the channel changes, so sessions reload it. */
  | 'reloads relations'
  /** Its user has stopped typing. */
  | 'ends typing'

/** The answer to the session that acted: the user's topic and the type of the message (runtime contract 4.4). */
export interface EchoAddress {
  topic: UserTopic
  type: string
}

/** The functions that an event triggers. */
interface EventFunctions {
  /** The type that runs if the event has a user, `payload.userId`. */
  byUser?: FunctionType
  /** The type that runs if the event has no user. */
  bySystem?: FunctionType
  /** Runs are requested where the event is written, which knows more than the event contains. */
  isAskedBefore?: true
}

export interface EventDescription {
  /** The counters that the event's `count` is added to. */
  counts: readonly CounterScope[]
  audience: EventAudience
  subjects: readonly EventSubject[]
  /** The answer to the session that acted; by outcome, if there is more than one. */
  echo: EchoAddress | Record<string, EchoAddress> | null
  effects?: readonly EventEffect[]
  /** The payload field that names whose relations to channels and users change; see domain/sessions/relations.ts. */
  relates?: 'userId' | 'memberIds' | 'by'
  functions?: EventFunctions
  /** The type that webhooks receive; depends on `payload.online` if there are two. */
  webhook?: WebhookType | { online: WebhookType; offline: WebhookType }
}

/** The action of a session that caused an event; its client receives the event with the action's receipt. */
export interface Cause {
  /** The user who acted. */
  by: number
  /** The key of the user's session. */
  session: string
  receipt?: string
}

/** Ids, and data that no longer exists after the commit. */
export interface EventPayload extends Partial<Cause> {
  /** The user the event is about. */
  userId?: number | null
  messageId?: number
  threadId?: number
  notificationId?: number
  /** The message that a reply answers. */
  parentId?: number
  /** The author of a message that was read; null if it has none. */
  authorId?: number | null
  /** A message that has been deleted, or that its channel does not keep. */
  message?: SeenMessage
  /** A channel that has been deleted. */
  channel?: SeenChannel
  /** What the application sends to a channel. */
  event?: SendChannelEvent
  /** The character of a reaction. */
  emoji?: string
  /** The time of a reaction, a receipt or a block. */
  createdTime?: string
  /** The trace context of the cause, if it is traced [W3C Trace Context]. */
  traceparent?: string
  [detail: string]: unknown
}

/** An event to be written. */
export interface EventDraft {
  type: EventType
  applicationId: number
  channelId?: number
  threadId?: number
  /** Added to its counters; negative for a removal. */
  count?: number
  payload?: EventPayload
}

export interface CommittedEvent {
  type: EventType
  applicationId: number
  channelId: number | null
  threadId: number | null
  payload: EventPayload
  /** Its offset in the order in which events are published. */
  position: number
  /** Time of writing in milliseconds by the clock of the process that took it; absent if read from the log. */
  writtenAt?: number
}

/** The events of a channel, or of a whole application. */
export type EventsOf = { channelId: number } | { applicationId: number }

export function echo<T extends UserTopic, N extends string>(topic: T, type: N): { topic: T; type: N } {
  return { topic, type }
}
