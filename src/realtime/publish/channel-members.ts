// Deliveries of events about members, moderators, blocks and participants of channels.
import type { Subjects } from '#domain/events/load-subjects.ts'
import {
  type Presenters,
  toActor,
  toChannel,
  toUser,
  withoutLastMessage,
} from '#realtime/publish/delivery.ts'
import { Channel, ChannelBlockRecord } from '#resources/channel.ts'
import type { EchoAddress } from '#resources/event-description.ts'
import { type CommittedEvent, type EventType, events } from '#resources/events.ts'
import type { Delivery } from '#resources/published-event.ts'
import { User } from '#resources/user.ts'

export type MemberEvent = Extract<
  EventType,
  `channel.${'member' | 'membership' | 'invite' | 'moderator' | 'block_record' | 'participant'}.${string}`
>

export const memberEvents: Presenters<MemberEvent> = {
  'channel.member.joined': ({ channelId, payload }, { channels, users }) => {
    const channel = channels.get(channelId ?? 0)
    const user = users.get(payload.userId ?? 0)
    if (!channel || !user) return []
    return [
      {
        ...toUser(user.id, events['channel.member.joined'].echo, Channel, channel),
        ...(payload.by === user.id && { isEcho: true }),
      },
      toChannel(channel.id, 'members', 'channel.member.joined', User, user),
    ]
  },
  'channel.member.left': ({ channelId, payload }, { channels, users }) => {
    const channel = channels.get(channelId ?? 0)
    const user = users.get(payload.userId ?? 0)
    if (!channel || !user) return []
    const { by, moderator, blocked } = payload
    const { echo } = events['channel.member.left']
    const left = { ...withoutLastMessage(channel), standing: blocked ? 'blocked' : 'outsider' }
    return [
      toUser(user.id, { topic: echo.topic, type: 'me.channel.left' }, Channel, left),
      { ...toUser(user.id, echo, Channel, left), ...(by === user.id && { isEcho: true }) },
      // The answer to a block is its record alone.
      ...(by !== user.id && !blocked ? toActor(by, echo, Channel, channel) : []),
      toChannel(channel.id, 'members', 'channel.member.left', User, user),
      ...(moderator ? [toChannel(channel.id, 'moderators', 'channel.moderator.deleted', User, user)] : []),
    ]
  },
  'channel.membership.changed': ({ channelId, payload }, { channels }) => {
    const channel = channels.get(channelId ?? 0)
    const { echo } = events['channel.membership.changed']
    const change = payload.change as keyof typeof echo
    if (!channel || typeof payload.userId !== 'number') return []
    const seen = change === 'history_cleared' ? withoutLastMessage(channel) : channel
    return toActor(payload.userId, echo[change], Channel, seen)
  },
  'channel.invite.created': ({ payload }, { users }) =>
    toActor(payload.by, events['channel.invite.created'].echo, User, users.get(payload.userId ?? 0)),
  'channel.moderator.added': moderatorChanged('channel.moderator.added'),
  'channel.moderator.deleted': moderatorChanged('channel.moderator.deleted'),
  'channel.block_record.created': blockRecordChanged('channel.block_record.created'),
  'channel.block_record.deleted': blockRecordChanged('channel.block_record.deleted'),
  'channel.participant.active': participantChanged,
  'channel.participant.inactive': participantChanged,
}

function moderatorChanged(type: 'channel.moderator.added' | 'channel.moderator.deleted') {
  const echo: EchoAddress = events[type].echo
  return (
    { channelId, payload }: CommittedEvent,
    { channels, users }: Pick<Subjects, 'channels' | 'users'>,
  ): Delivery[] => {
    const channel = channels.get(channelId ?? 0)
    const user = users.get(payload.userId ?? 0)
    if (!channel || !user) return []
    return [
      ...toActor(payload.by, echo, Channel, channel),
      toChannel(channel.id, 'moderators', type, User, user),
    ]
  }
}

function blockRecordChanged(type: 'channel.block_record.created' | 'channel.block_record.deleted') {
  const echo: EchoAddress = events[type].echo
  return ({ channelId, payload }: CommittedEvent, { users }: Pick<Subjects, 'users'>): Delivery[] => {
    const user = users.get(payload.userId ?? 0)
    if (!user || channelId === null) return []
    const { by, recordId: id, createdTime } = payload
    const record = { id, channelId, user, createdTime }
    return [
      ...toActor(by, echo, ChannelBlockRecord, record),
      toChannel(channelId, 'blockRecords', type, ChannelBlockRecord, record),
    ]
  }
}

function participantChanged(
  { type, channelId, payload }: CommittedEvent,
  { users }: Pick<Subjects, 'users'>,
): Delivery[] {
  const user = users.get(payload.userId ?? 0)
  if (!user || channelId === null) return []
  return [{ ...toChannel(channelId, 'participants', type, User, user), exceptActor: true }]
}
