// What each committed event tells, to whom: the topics, types and resources of runtime contract 4 and 5.
import type { z } from 'zod'
import type { Subjects } from '#domain/events/load-subjects.ts'
import { findEmoji } from '#domain/messages/emoji.ts'
import {
  Channel,
  ChannelBlockRecord,
  type ChannelTopic,
  channelHypermedia,
  type SeenChannel,
} from '#resources/channel.ts'
import { ChannelEventShape } from '#resources/channel-event.ts'
import type { Cause, CommittedEvent, EventType } from '#resources/events.ts'
import { Message, MessageReport, Reaction, type SeenMessage } from '#resources/message.ts'
import { NotificationShape } from '#resources/notification.ts'
import { ReadReceiptShape } from '#resources/read-receipt.ts'
import { ThreadShape, threadHypermedia } from '#resources/thread.ts'
import { type Ui, uiShapes } from '#resources/ui.ts'
import {
  CurrentUser,
  currentUserHypermedia,
  User,
  UserBlockedRecord,
  type UserTopic,
} from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'

/** Who gets a message. */
export type Audience =
  /** Whoever subscribes to the topic. */
  | { topic: string }
  /** Every member of a channel, on its own topic of this name. */
  | { membersOf: number; topic: UserTopic }
  /** Everybody in the application, on their own topics of this name. */
  | { everybody: true; topic: UserTopic }

export interface Delivery {
  to: Audience
  type: string
  /** The resource as JSON text. */
  resource: string
  /** Carries the receipt, if the session that acted is among those who get it. */
  isEcho?: true
  /** Whom it does not concern: whoever has blocked this user. */
  from?: number
  /** This user has no need to be told. */
  except?: number
  /** Nor has the session that acted. */
  exceptActor?: true
  /** What those see instead who have cleared their history through the channel's last message, or deleted that one. */
  cleared?: { channelId: number; through: number; hiddenFrom: number[]; resource: string }
  /** For those who listen for the main thread's messages on the topic of the channel (contract 4.3). */
  isAlias?: true
}

/** An event as the processes tell it to each other, and then to their clients. */
export interface Told extends Pick<CommittedEvent, 'applicationId' | 'channelId'> {
  /** The committed event; absent where none is behind it, as with typing. */
  type?: EventType
  /** 0 where it is not kept: who does not listen has missed it. */
  position: number
  /** Whom it is about. */
  userId?: number
  cause?: Cause
  deliveries: Delivery[]
  /** It could not be presented: whom it concerns has missed it. */
  isLost?: true
}

/** What an event tells to whom, with what it is about as it is now. */
export function deliveriesOf(event: CommittedEvent, subjects: Subjects): Delivery[] {
  return tell[event.type](event, subjects)
}

/** What tells the members of a channel that its last message is another one. */
export function presentChannelUpdate(channel: SeenChannel): Delivery {
  return toMembers(channel, 'user.channel.updated')
}

type Tell = (event: CommittedEvent, subjects: Subjects) => Delivery[]

const tell: Record<EventType, Tell> = {
  'user.created': () => [],
  'user.updated': ({ payload }, { users, livelyChannels }) => {
    const user = users.get(payload.userId ?? 0)
    if (!user) return []
    return [
      { ...toUser(user.id, 'self', 'user.self.updated', CurrentUser, user), isEcho: true },
      { ...toContacts('contact.user.updated', user) },
      ...(payload.status ? presenceChanged(user, livelyChannels) : []),
    ]
  },
  'user.presence.changed': ({ payload }, { users, livelyChannels }) => {
    const user = users.get(payload.userId ?? 0)
    return user ? presenceChanged(user, livelyChannels) : []
  },
  'user.deleted': ({ payload }, { users }) => {
    const user = users.get(payload.userId ?? 0)
    return user ? [{ ...toUser(user.id, 'self', 'user.self.deleted', User, user), isEcho: true }] : []
  },
  'user.blocked': ({ payload }, { users }) => {
    const { by, userId, recordId: id, createdTime } = payload
    const user = users.get(userId ?? 0)
    if (!user || by === undefined) return []
    const record = { id, user, createdTime }
    return [
      { ...toUser(by, 'users', 'user.user.blocked', User, user), isEcho: true },
      toUser(by, 'users', 'user.user_blocklist_item.created', UserBlockedRecord, record),
    ]
  },
  'user.unblocked': ({ payload }, { users }) => {
    const user = users.get(payload.userId ?? 0)
    if (!user || payload.by === undefined) return []
    return [{ ...toUser(payload.by, 'users', 'user.user.unblocked', User, user), isEcho: true }]
  },
  'application.ui.updated': ({ applicationId, payload }, { uis }) => {
    const ui = uis.get(applicationId)
    if (!ui) return []
    return (payload.parts as (keyof Ui)[]).map((part) => ({
      to: { everybody: true, topic: part },
      type: `application.${part}.updated`,
      resource: presentResource(uiShapes[part], ui[part]),
    }))
  },
  'channel.created': answerWithChannel('user.channel.created'),
  'channel.public.created': () => [],
  'channel.upserted': (event, subjects) => {
    const { by, existing, unhidden } = event.payload
    const channel = subjects.channels.get(event.channelId ?? 0)
    if (!channel || by === undefined) return []
    const type = existing === 'owned' ? 'user.channel.upserted' : 'member.channel.upserted'
    return [
      { ...toUser(by, 'channels', type, Channel, channel), isEcho: true },
      ...(unhidden ? [toUser(by, 'channels', 'user.channel.unhidden', Channel, channel)] : []),
    ]
  },
  'channel.updated': ({ channelId }, { channels }) => {
    const channel = channels.get(channelId ?? 0)
    if (!channel) return []
    return [
      { ...toMembers(channel, 'user.channel.updated'), isEcho: true },
      toChannel(channel.id, 'self', 'channel.self.updated', Channel, withoutLastMessage(channel)),
    ]
  },
  'channel.deleted': ({ payload }) => {
    const channel = payload.channel as SeenChannel | undefined
    if (!channel) return []
    return [
      { ...toMembers(channel, 'user.channel.deleted'), isEcho: true },
      toChannel(channel.id, 'self', 'channel.self.deleted', Channel, withoutLastMessage(channel)),
    ]
  },
  'channel.public.deleted': () => [],
  'channel.member.joined': ({ channelId, payload }, { channels, users }) => {
    const channel = channels.get(channelId ?? 0)
    const user = users.get(payload.userId ?? 0)
    if (!channel || !user) return []
    return [
      {
        ...toUser(user.id, 'channels', 'user.channel.joined', Channel, channel),
        ...(payload.by === user.id && { isEcho: true }),
      },
      toChannel(channel.id, 'members', 'channel.member.joined', User, user),
    ]
  },
  'channel.member.left': ({ channelId, payload }, { channels, users }) => {
    const channel = channels.get(channelId ?? 0)
    const user = users.get(payload.userId ?? 0)
    if (!channel || !user) return []
    const { by, blocked } = payload
    const left = { ...withoutLastMessage(channel), standing: blocked ? 'blocked' : 'outsider' }
    return [
      toUser(user.id, 'channels', 'me.channel.left', Channel, left),
      {
        ...toUser(user.id, 'channels', 'user.channel.left', Channel, left),
        ...(by === user.id && { isEcho: true }),
      },
      // A block is answered by its record, and by nothing else.
      ...(by !== undefined && by !== user.id && !blocked
        ? [{ ...toUser(by, 'channels', 'user.channel.left', Channel, channel), isEcho: true as const }]
        : []),
      toChannel(channel.id, 'members', 'channel.member.left', User, user),
    ]
  },
  'channel.invite.created': ({ payload }, { users }) => {
    const user = users.get(payload.userId ?? 0)
    if (!user || payload.by === undefined) return []
    return [{ ...toUser(payload.by, 'users', 'user.user.invited', User, user), isEcho: true }]
  },
  'channel.event.triggered': ({ channelId, payload }, { users }) => {
    if (channelId === null) return []
    const user = users.get(payload.userId ?? 0)
    const event = { ...(payload.event as object), user, channelId }
    return [toChannel(channelId, 'events', 'channel.event.triggered', ChannelEventShape, event)]
  },
  'channel.moderator.added': moderatorChanged('added'),
  'channel.moderator.deleted': moderatorChanged('deleted'),
  'channel.block_record.created': blockRecordChanged('created'),
  'channel.block_record.deleted': blockRecordChanged('deleted'),
  'channel.membership.changed': ({ channelId, payload }, { channels }) => {
    const channel = channels.get(channelId ?? 0)
    const { userId, change } = payload
    if (!channel || typeof userId !== 'number') return []
    const seen = change === 'history_cleared' ? withoutLastMessage(channel) : channel
    return [{ ...toUser(userId, 'channels', `user.channel.${change}`, Channel, seen), isEcho: true }]
  },
  'channel.participant.active': participantChanged,
  'channel.participant.inactive': participantChanged,
  'channel.chat_session.started': () => [],
  'thread.created': ({ threadId, payload }, { threads }) => {
    const thread = threads.get(threadId ?? 0)
    if (!thread || payload.by === undefined) return []
    return [{ ...toUser(payload.by, 'threads', 'user.thread.created', ThreadShape, thread), isEcho: true }]
  },
  'channel.message.created': messageCreated,
  'thread.message.created': messageCreated,
  'channel.message.deleted': messageDeleted,
  'thread.message.deleted': messageDeleted,
  'channel.message.updated': ({ payload }, { messages }) => {
    const message = messages.get(payload.messageId ?? 0)
    if (!message) return []
    return [
      ...answerWith(payload.by, 'messages', 'user.message.updated', Message, message),
      toChannel(message.channelId, 'messages', 'channel.message.updated', Message, message),
    ]
  },
  'message.hidden': ({ payload }, { messages }) =>
    answerWith(payload.by, 'messages', 'user.message.deleted', Message, messages.get(payload.messageId ?? 0)),
  'message.reported': reported('user.message.reported'),
  'message.report_removed': reported('user.message.report_removed'),
  'message.reaction.created': reactionChanged,
  'message.reaction.removed': reactionChanged,
  'message.read_receipt.created': receiptChanged,
  'message.read_receipt.deleted': receiptChanged,
  'notification.created': ({ payload }, { notifications }) => {
    const notification = notifications.get(payload.notificationId as number)
    if (!notification) return []
    const { recipientId } = notification
    return [
      toUser(recipientId, 'notifications', 'user.notification.created', NotificationShape, notification),
    ]
  },
}

// ------------------------------------------------------------------------------------------- to whom

function toUser(userId: number, topic: UserTopic, type: string, shape: z.ZodType, entity: unknown): Delivery {
  return {
    to: { topic: currentUserHypermedia.topics[topic].at({ id: userId }) },
    type,
    ...(shape === Channel
      ? presentChannel(entity as SeenChannel)
      : { resource: presentResource(shape, entity) }),
  }
}

function toChannel(
  id: number,
  topic: ChannelTopic,
  type: string,
  shape: z.ZodType,
  entity: unknown,
): Delivery {
  return {
    to: { topic: channelHypermedia.topics[topic].at({ id }) },
    type,
    resource: presentResource(shape, entity),
  }
}

function toContacts(type: string, user: User): Delivery {
  return {
    to: { everybody: true, topic: 'contacts' },
    type,
    resource: presentResource(User, user),
    except: user.id,
    from: user.id,
  }
}

function toMembers(channel: SeenChannel, type: string): Delivery {
  return { to: { membersOf: channel.id, topic: 'channels' }, type, ...presentChannel(channel) }
}

/** Not everybody sees the last message. */
function presentChannel(channel: SeenChannel): Pick<Delivery, 'resource' | 'cleared'> {
  const { id: channelId, lastReceivedMessage: last, lastHiddenFrom: hiddenFrom = [] } = channel
  const resource = presentResource(Channel, channel)
  if (!last) return { resource }
  const without = presentResource(Channel, withoutLastMessage(channel))
  return { resource, cleared: { channelId, through: last.id, hiddenFrom, resource: without } }
}

function withoutLastMessage(channel: SeenChannel): SeenChannel {
  const { lastReceivedMessage: _, ...rest } = channel
  return rest
}

/** To the user who acted; nothing where a backend did. */
function answerWith(
  by: number | undefined,
  topic: UserTopic,
  type: string,
  shape: z.ZodType,
  entity: unknown,
): Delivery[] {
  if (by === undefined || entity === undefined) return []
  return [{ ...toUser(by, topic, type, shape, entity), isEcho: true }]
}

function answerWithChannel(type: string): Tell {
  return ({ channelId, payload }, { channels }) =>
    answerWith(payload.by, 'channels', type, Channel, channels.get(channelId ?? 0))
}

// ------------------------------------------------------------------------------------------- of what

function presenceChanged(user: User, livelyChannels: Subjects['livelyChannels']): Delivery[] {
  const resource = presentResource(User, user)
  return [
    toContacts('contact.presence.changed', user),
    ...(livelyChannels.get(user.id) ?? []).map((id) => ({
      to: { topic: channelHypermedia.topics.participants.at({ id }) },
      type: 'participant.presence.changed',
      resource,
      from: user.id,
    })),
  ]
}

function participantChanged({ type, channelId, payload }: CommittedEvent, { users }: Subjects): Delivery[] {
  const user = users.get(payload.userId ?? 0)
  if (!user || channelId === null) return []
  return [{ ...toChannel(channelId, 'participants', type, User, user), exceptActor: true }]
}

function moderatorChanged(change: 'added' | 'deleted'): Tell {
  return ({ channelId, payload }, { channels, users }) => {
    const channel = channels.get(channelId ?? 0)
    const user = users.get(payload.userId ?? 0)
    if (!channel || !user) return []
    return [
      ...answerWith(payload.by, 'channels', `user.channel.moderator_${change}`, Channel, channel),
      toChannel(channel.id, 'moderators', `channel.moderator.${change}`, User, user),
    ]
  }
}

function blockRecordChanged(change: 'created' | 'deleted'): Tell {
  return ({ channelId, payload }, { users }) => {
    const user = users.get(payload.userId ?? 0)
    if (!user || channelId === null) return []
    const { by, recordId: id, createdTime } = payload
    const record = { id, channelId, user, createdTime }
    return [
      ...answerWith(by, 'channels', `user.channel.block_record_${change}`, ChannelBlockRecord, record),
      toChannel(channelId, 'blockRecords', `channel.block_record.${change}`, ChannelBlockRecord, record),
    ]
  }
}

function messageCreated({ threadId, payload }: CommittedEvent, { messages }: Subjects): Delivery[] {
  const message = messages.get(payload.messageId ?? 0)
  if (!message) return [] // deleted since
  const resource = presentResource(Message, message)
  const topic = channelHypermedia.topics.messages.at({ id: message.channelId })
  const parent = messages.get((payload.parentId as number | undefined) ?? 0)
  return [
    ...(payload.by === undefined
      ? []
      : [
          {
            to: { topic: currentUserHypermedia.topics.messages.at({ id: payload.by }) },
            type: 'user.message.created',
            resource,
            isEcho: true as const,
          },
        ]),
    { to: { topic }, type: 'channel.message.created', resource },
    threadId === null
      ? { to: { topic }, type: 'thread.message.created', resource, isAlias: true }
      : {
          to: { topic: threadHypermedia.topics.messages.at({ id: threadId }) },
          type: 'thread.message.created',
          resource,
        },
    // A reply changes what its parent shows.
    ...(parent ? [toChannel(parent.channelId, 'messages', 'channel.message.updated', Message, parent)] : []),
  ]
}

function messageDeleted({ payload }: CommittedEvent): Delivery[] {
  const message = payload.message as SeenMessage | undefined
  if (!message) return [] // all of a channel's at once
  return [
    ...answerWith(payload.by, 'messages', 'user.message.deleted', Message, message),
    toChannel(message.channelId, 'messages', 'channel.message.deleted', Message, message),
  ]
}

function reported(type: string): Tell {
  return ({ payload }, { users }) => {
    const user = users.get(payload.userId ?? 0)
    const report = user && { ...(payload.report as object), user }
    return answerWith(payload.by, 'messages', type, MessageReport, report)
  }
}

function reactionChanged({ type, channelId, payload }: CommittedEvent, { users }: Subjects): Delivery[] {
  const user = users.get(payload.userId ?? 0)
  const emoji = findEmoji(payload.emoji as string)
  if (!user || !emoji || channelId === null) return []
  const { messageId, createdTime } = payload
  const reaction = { emoji, user, createdTime, messageId }
  return [
    { ...toUser(user.id, 'reactions', type, Reaction, reaction), isEcho: true },
    toChannel(channelId, 'reactions', type, Reaction, reaction),
  ]
}

function receiptChanged({ type, channelId, payload }: CommittedEvent, { users }: Subjects): Delivery[] {
  const user = users.get(payload.userId ?? 0)
  if (!user || channelId === null) return []
  const { messageId, createdTime, authorId } = payload
  const receipt = { user, createdTime, messageId }
  const resource = presentResource(ReadReceiptShape, receipt)
  const readers = new Set([user.id, authorId as number | null])
  return [
    { to: { topic: channelHypermedia.topics.readReceipts.at({ id: channelId }) }, type, resource },
    ...[...readers].flatMap((id) =>
      id === null
        ? []
        : [{ to: { topic: currentUserHypermedia.topics.readReceipts.at({ id }) }, type, resource }],
    ),
  ]
}
