// What a commit can tell, by the wire's own names, and what it counts.

/** A number kept ready because counting it would read a big table; see data/counters.ts. */
export type CounterScope =
  | 'application.users'
  | 'application.channels'
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
  'user.deleted': ['application.users'],
  'channel.created': ['application.channels'],
  'channel.updated': [],
  'channel.deleted': ['application.channels'],
  'channel.member.joined': ['channel.members', 'application.memberships'],
  'channel.member.left': ['channel.members', 'application.memberships'],
  'channel.invite.created': [],
  'channel.event.triggered': [],
  'channel.moderator.added': [],
  'channel.moderator.deleted': [],
  /** In the channel's main thread. */
  'channel.message.created': ['application.messages', 'channel.messages', 'channel.main_messages'],
  'channel.message.deleted': ['application.messages', 'channel.messages', 'channel.main_messages'],
  /** In any other thread. */
  'thread.message.created': ['application.messages', 'channel.messages', 'thread.messages'],
  'thread.message.deleted': ['application.messages', 'channel.messages', 'thread.messages'],
  'channel.message.updated': [],
} as const satisfies Record<string, readonly CounterScope[]>

export type EventType = keyof typeof eventCounters

export interface EventDraft {
  type: EventType
  applicationId: number
  channelId?: number
  threadId?: number
  /** What it adds to its counters; negative where it removes. */
  count?: number
  /** Ids, and what is gone once the commit is done. */
  payload?: Record<string, unknown>
}

/** `channel.messages` counts per channel. */
export function ownerOf(scope: CounterScope): Owner {
  return scope.split('.')[0] as Owner
}
