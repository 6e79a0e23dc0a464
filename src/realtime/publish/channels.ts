import type { MemberEvent } from '#realtime/publish/channel-members.ts'
import {
  type Presenters,
  toActor,
  toChannel,
  toMembers,
  toUser,
  withoutLastMessage,
} from '#realtime/publish/delivery.ts'
import type { MessageEvent } from '#realtime/publish/messages.ts'
import { Channel, type SeenChannel } from '#resources/channel.ts'
import { ChannelEventShape } from '#resources/channel-event.ts'
import { type EventType, events } from '#resources/events.ts'
import type { Delivery } from '#resources/published-event.ts'

type ChannelEvent = Exclude<Extract<EventType, `channel.${string}`>, MemberEvent | MessageEvent>

export const channelEvents: Presenters<ChannelEvent> = {
  'channel.created': ({ channelId, payload }, { channels }) =>
    toActor(payload.by, events['channel.created'].echo, Channel, channels.get(channelId ?? 0)),
  'channel.public.created': () => [],
  'channel.upserted': ({ channelId, payload }, { channels }) => {
    const { by, existing, unhidden } = payload
    const channel = channels.get(channelId ?? 0)
    if (!channel || by === undefined) return []
    const { owned, member } = events['channel.upserted'].echo
    return [
      ...toActor(by, existing === 'owned' ? owned : member, Channel, channel),
      ...(unhidden ? [toUser(by, events['channel.membership.changed'].echo.unhidden, Channel, channel)] : []),
    ]
  },
  'channel.updated': ({ channelId }, { channels }) => {
    const channel = channels.get(channelId ?? 0)
    if (!channel) return []
    return [
      { ...toMembers(channel, events['channel.updated'].echo), isEcho: true },
      toChannel(channel.id, 'self', 'channel.self.updated', Channel, withoutLastMessage(channel)),
    ]
  },
  'channel.deleted': ({ payload }) => {
    const { channel } = payload
    if (!channel) return []
    return [
      { ...toMembers(channel, events['channel.deleted'].echo), isEcho: true },
      toChannel(channel.id, 'self', 'channel.self.deleted', Channel, withoutLastMessage(channel)),
    ]
  },
  'channel.public.deleted': () => [],
  'channel.event.triggered': ({ channelId, payload }, { users }) => {
    if (channelId === null) return []
    const user = users.get(payload.userId ?? 0)
    const event = { ...payload.event, user, channelId }
    return [toChannel(channelId, 'events', 'channel.event.triggered', ChannelEventShape, event)]
  },
  'channel.chat_session.started': () => [],
}

/** Returns the delivery to a channel's members when its last message has changed. */
export function presentChannelUpdate(channel: SeenChannel): Delivery {
  return toMembers(channel, events['channel.updated'].echo)
}
