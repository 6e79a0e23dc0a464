// What a commit can tell, by the wire's own names where it has one, and what it counts.

/** A number kept ready because counting it would read a big table; see data/counters.ts. */
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

/** Which counters an event's `count` is added to. */
export const eventCounters = {
  'user.created': ['application.users'],
  'user.updated': [],
  'user.presence.changed': [],
  'user.deleted': ['application.users'],
  'user.blocked': [],
  'user.unblocked': [],
  'application.ui.updated': [],
  'channel.created': ['application.channels'],
  /** Beside the one before, of a PUBLIC channel: told to nobody, counted apart. */
  'channel.public.created': ['application.public_channels'],
  /** Somebody created a channel that was there already. */
  'channel.upserted': [],
  'channel.updated': [],
  'channel.deleted': ['application.channels'],
  'channel.public.deleted': ['application.public_channels'],
  'channel.member.joined': ['channel.members', 'application.memberships'],
  'channel.member.left': ['channel.members', 'application.memberships'],
  'channel.invite.created': [],
  'channel.event.triggered': [],
  'channel.moderator.added': [],
  'channel.moderator.deleted': [],
  'channel.block_record.created': [],
  'channel.block_record.deleted': [],
  /** What a member changes for itself alone: muted, unmuted, hidden, unhidden, history_cleared. */
  'channel.membership.changed': [],
  'channel.participant.active': [],
  'channel.participant.inactive': [],
  /** A further device of a participant came: told to nobody, but to functions. */
  'channel.chat_session.started': [],
  'thread.created': [],
  /** In the channel's main thread. */
  'channel.message.created': ['application.messages', 'channel.messages', 'channel.main_messages'],
  'channel.message.deleted': ['application.messages', 'channel.messages', 'channel.main_messages'],
  /** In any other thread. */
  'thread.message.created': ['application.messages', 'channel.messages', 'thread.messages'],
  'thread.message.deleted': ['application.messages', 'channel.messages', 'thread.messages'],
  'channel.message.updated': [],
  /** For one user alone. */
  'message.hidden': [],
  'message.reported': [],
  'message.report_removed': [],
  'message.reaction.created': [],
  'message.reaction.removed': [],
  'message.read_receipt.created': [],
  'message.read_receipt.deleted': [],
  'notification.created': [],
} as const satisfies Record<string, readonly CounterScope[]>

export type EventType = keyof typeof eventCounters

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
  [detail: string]: unknown
}

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
  /** Its place in the order in which events are told. */
  position: number
}

/** `channel.messages` counts per channel. */
export function ownerOf(scope: CounterScope): Owner {
  return scope.split('.')[0] as Owner
}
