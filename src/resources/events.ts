// Describes every event that can be committed.
import {
  type EchoAddress,
  type EventDescription,
  type EventEffect,
  echo,
} from '#resources/event-description.ts'

/** An event that is only counted or passed on. */
const withoutAudience = { audience: 'nobody', subjects: [], echo: null } as const
const messageCreated = {
  audience: 'channel',
  subjects: ['messages'],
  echo: echo('messages', 'user.message.created'),
  functions: { byUser: 'user.sent.message' },
  webhook: 'message.created',
} as const
const messageDeleted = {
  audience: 'channel',
  subjects: [],
  echo: echo('messages', 'user.message.deleted'),
  effects: ['changes last message'],
  webhook: 'message.deleted',
} as const

/** All events, by the wire's name if there is one. All differences between events derive from this table. */
export const events = {
  'user.created': {
    counts: ['application.users'],
    ...withoutAudience,
    webhook: 'user.created',
  },
  'user.updated': {
    counts: [],
    audience: 'application',
    subjects: ['users', 'livelyChannels'],
    echo: echo('self', 'user.self.updated'),
    webhook: 'user.updated',
  },
  'user.presence.changed': {
    counts: [],
    audience: 'application',
    subjects: ['users', 'livelyChannels'],
    echo: null,
    webhook: { online: 'user.connected', offline: 'user.disconnected' },
  },
  'user.deleted': {
    counts: ['application.users'],
    audience: 'users',
    subjects: ['users'],
    echo: echo('self', 'user.self.deleted'),
    effects: ['ends sessions'],
    webhook: 'user.deleted',
  },
  /** An operator has banned the user. */
  'user.banned': {
    counts: [],
    audience: 'users',
    subjects: [],
    echo: null,
    effects: ['ends sessions'],
    webhook: 'user.banned',
  },
  'user.unbanned': { counts: [], ...withoutAudience },
  /** For the live feed of the application, like the next three. */
  'user.session.started': { counts: [], ...withoutAudience },
  'job.changed': { counts: [], ...withoutAudience },
  'function.invoked': { counts: [], ...withoutAudience },
  'webhook.attempted': { counts: [], ...withoutAudience },
  'user.blocked': {
    counts: [],
    audience: 'users',
    subjects: ['users'],
    echo: echo('users', 'user.user.blocked'),
    relates: 'by',
  },
  'user.unblocked': {
    counts: [],
    audience: 'users',
    subjects: ['users'],
    echo: echo('users', 'user.user.unblocked'),
    relates: 'by',
  },
  'application.ui.updated': { counts: [], audience: 'application', subjects: ['uis'], echo: null },
  'channel.created': {
    counts: ['application.channels'],
    audience: 'users',
    subjects: ['channels'],
    echo: echo('channels', 'user.channel.created'),
    webhook: 'channel.created',
  },
  /** Written in addition to the previous event for a PUBLIC channel, which has a counter of its own. */
  'channel.public.created': { counts: ['application.public_channels'], ...withoutAudience },
  /** A request to create a channel that already exists. */
  'channel.upserted': {
    counts: [],
    audience: 'users',
    subjects: ['channels'],
    echo: {
      owned: echo('channels', 'user.channel.upserted'),
      member: echo('channels', 'member.channel.upserted'),
    },
  },
  'channel.updated': {
    counts: [],
    audience: 'channel',
    subjects: ['channels'],
    echo: echo('channels', 'user.channel.updated'),
    effects: ['changes channel'],
    webhook: 'channel.updated',
  },
  'channel.deleted': {
    counts: ['application.channels'],
    audience: 'channel',
    subjects: [],
    echo: echo('channels', 'user.channel.deleted'),
    effects: ['ends membership'],
    relates: 'memberIds',
    webhook: 'channel.deleted',
  },
  'channel.public.deleted': { counts: ['application.public_channels'], ...withoutAudience },
  'channel.member.joined': {
    counts: ['channel.members', 'application.memberships'],
    audience: 'channel and users',
    subjects: ['channels', 'users'],
    echo: echo('channels', 'user.channel.joined'),
    relates: 'userId',
    webhook: 'channel.member.added',
  },
  'channel.member.left': {
    counts: ['channel.members', 'application.memberships'],
    audience: 'channel and users',
    subjects: ['channels', 'users'],
    echo: echo('channels', 'user.channel.left'),
    effects: ['ends membership', 'ends typing'],
    relates: 'userId',
    webhook: 'channel.member.removed',
  },
  'channel.invite.created': {
    counts: [],
    audience: 'users',
    subjects: ['users'],
    echo: echo('users', 'user.user.invited'),
    functions: { byUser: 'user.received.channel_invite' },
  },
  'channel.event.triggered': {
    counts: [],
    audience: 'channel',
    subjects: ['users'],
    echo: null,
    functions: { byUser: 'user.triggered.event', bySystem: 'system.triggered.event' },
  },
  'channel.moderator.added': {
    counts: [],
    audience: 'channel and users',
    subjects: ['channels', 'users'],
    echo: echo('channels', 'user.channel.moderator_added'),
  },
  'channel.moderator.deleted': {
    counts: [],
    audience: 'channel and users',
    subjects: ['channels', 'users'],
    echo: echo('channels', 'user.channel.moderator_deleted'),
  },
  'channel.block_record.created': {
    counts: [],
    audience: 'channel and users',
    subjects: ['users'],
    echo: echo('channels', 'user.channel.block_record_created'),
  },
  'channel.block_record.deleted': {
    counts: [],
    audience: 'channel and users',
    subjects: ['users'],
    echo: echo('channels', 'user.channel.block_record_deleted'),
  },
  /** Settings that members change for themselves only. */
  'channel.membership.changed': {
    counts: [],
    audience: 'users',
    subjects: ['channels'],
    echo: {
      muted: echo('channels', 'user.channel.muted'),
      unmuted: echo('channels', 'user.channel.unmuted'),
      hidden: echo('channels', 'user.channel.hidden'),
      unhidden: echo('channels', 'user.channel.unhidden'),
      history_cleared: echo('channels', 'user.channel.history_cleared'),
    },
    effects: ['reloads relations'],
  },
  'channel.participant.active': {
    counts: [],
    audience: 'channel',
    subjects: ['users'],
    echo: null,
    functions: { byUser: 'user.started.chat_session' },
  },
  'channel.participant.inactive': {
    counts: [],
    audience: 'channel',
    subjects: ['users'],
    echo: null,
    effects: ['ends typing'],
  },
  /** Another device of a participant has joined. */
  'channel.chat_session.started': {
    counts: [],
    ...withoutAudience,
    functions: { byUser: 'user.started.chat_session' },
  },
  'thread.created': {
    counts: [],
    audience: 'users',
    subjects: ['threads'],
    echo: echo('threads', 'user.thread.created'),
  },
  /** A message was sent in the channel's main thread. */
  'channel.message.created': {
    ...messageCreated,
    counts: ['application.messages', 'channel.messages', 'channel.main_messages'],
    effects: ['notifies members', 'moves channel', 'unhides channel', 'changes last message', 'ends typing'],
  },
  'channel.message.deleted': {
    ...messageDeleted,
    counts: ['application.messages', 'channel.messages', 'channel.main_messages'],
  },
  /** A message was sent in any other thread. */
  'thread.message.created': {
    ...messageCreated,
    counts: ['application.messages', 'channel.messages', 'thread.messages'],
    effects: ['notifies members', 'moves channel', 'unhides channel', 'changes last message', 'ends typing'],
  },
  'thread.message.deleted': {
    ...messageDeleted,
    subjects: ['parents'],
    counts: ['application.messages', 'channel.messages', 'thread.messages'],
  },
  'channel.message.updated': {
    counts: [],
    audience: 'channel',
    subjects: ['messages'],
    echo: echo('messages', 'user.message.updated'),
    effects: ['changes last message'],
    webhook: 'message.updated',
  },
  /** A user has deleted the message for themselves only. */
  'message.hidden': { counts: [], audience: 'users', subjects: ['messages'], echo: messageDeleted.echo },
  'message.reported': {
    counts: [],
    audience: 'users',
    subjects: ['users'],
    echo: echo('messages', 'user.message.reported'),
    webhook: 'message.reported',
  },
  'message.report_removed': {
    counts: [],
    audience: 'users',
    subjects: ['users'],
    echo: echo('messages', 'user.message.report_removed'),
  },
  'message.reaction.created': {
    counts: [],
    audience: 'channel',
    subjects: ['users'],
    echo: echo('reactions', 'message.reaction.created'),
    functions: { byUser: 'user.reacted_to.message' },
    webhook: 'reaction.added',
  },
  'message.reaction.removed': {
    counts: [],
    audience: 'channel',
    subjects: ['users'],
    echo: echo('reactions', 'message.reaction.removed'),
    webhook: 'reaction.removed',
  },
  'message.read_receipt.created': {
    counts: [],
    audience: 'channel and users',
    subjects: ['users'],
    echo: null,
    functions: { byUser: 'user.read.message' },
  },
  'message.read_receipt.deleted': {
    counts: [],
    audience: 'channel and users',
    subjects: ['users'],
    echo: null,
  },
  'notification.created': {
    counts: [],
    audience: 'users',
    subjects: ['notifications'],
    echo: null,
    functions: { byUser: 'user.received.notification', isAskedBefore: true },
  },
} as const satisfies Record<string, EventDescription>

export type EventType = keyof typeof events

/** The events that change a user's relations to channels and to other users. */
export type RelatingEventType = {
  [T in EventType]: (typeof events)[T] extends { relates: string } ? T : never
}[EventType]

/** The subjects of an event, which are loaded before the event is presented. */
export type SubjectsOf<T extends EventType> = (typeof events)[T]['subjects'][number]

/** All answers to actions. */
export type EventEcho = EchoesOf<(typeof events)[EventType]['echo']>
type EchoesOf<E> = E extends null ? never : E extends EchoAddress ? E : E[keyof E]

/** Returns the event types that satisfy the predicate. Callers may test types of other program versions. */
export function eventsWhere(is: (description: EventDescription) => boolean): ReadonlySet<EventType> {
  const all = Object.entries(events) as [EventType, EventDescription][]
  return new Set(all.filter(([, description]) => is(description)).map(([type]) => type))
}

export function eventsWith(effect: EventEffect): ReadonlySet<EventType> {
  return eventsWhere(({ effects }) => effects?.includes(effect) ?? false)
}

export type {
  Cause,
  CommittedEvent,
  EventDraft,
  EventPayload,
  EventsOf,
} from '#resources/event-description.ts'
