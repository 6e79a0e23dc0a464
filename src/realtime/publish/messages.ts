import type { Subjects } from '#domain/events/load-subjects.ts'
import { findEmoji } from '#domain/messages/emoji.ts'
import { type Presenters, toActor, toChannel } from '#realtime/publish/delivery.ts'
import { channelHypermedia } from '#resources/channel.ts'
import type { EchoAddress } from '#resources/event-description.ts'
import { type CommittedEvent, type EventType, events } from '#resources/events.ts'
import { Message, MessageReport, Reaction, type SeenMessage } from '#resources/message.ts'
import type { Delivery } from '#resources/published-event.ts'
import { ReadReceiptShape } from '#resources/read-receipt.ts'
import { threadHypermedia } from '#resources/thread.ts'
import { currentUserHypermedia } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'

export type MessageEvent = Extract<EventType, `${'channel.' | 'thread.' | ''}message.${string}`>

export const messageEvents: Presenters<MessageEvent> = {
  'channel.message.created': messageCreated,
  'thread.message.created': messageCreated,
  'channel.message.deleted': messageDeleted,
  'thread.message.deleted': (event, { parents }) => [
    ...messageDeleted(event),
    ...parentChanged(parents.get(event.payload.parentId ?? 0)),
  ],
  'channel.message.updated': ({ payload }, { messages }) => {
    const message = messages.get(payload.messageId ?? 0)
    if (!message) return []
    return [
      ...toActor(payload.by, events['channel.message.updated'].echo, Message, message),
      toChannel(message.channelId, 'messages', 'channel.message.updated', Message, message),
    ]
  },
  'message.hidden': ({ payload }, { messages }) =>
    toActor(payload.by, events['message.hidden'].echo, Message, messages.get(payload.messageId ?? 0)),
  'message.reported': reported(events['message.reported'].echo),
  'message.report_removed': reported(events['message.report_removed'].echo),
  'message.reaction.created': reactionChanged('message.reaction.created'),
  'message.reaction.removed': reactionChanged('message.reaction.removed'),
  'message.read_receipt.created': receiptChanged,
  'message.read_receipt.deleted': receiptChanged,
}

function messageCreated(
  { threadId, payload }: CommittedEvent,
  { messages }: Pick<Subjects, 'messages'>,
): Delivery[] {
  const message = messages.get(payload.messageId ?? 0)
  if (!message) return [] // deleted meanwhile
  const resource = presentResource(Message, message)
  const topic = channelHypermedia.topics.messages.at({ id: message.channelId })
  const { echo } = events['channel.message.created']
  const own = (by: number): Delivery => ({
    to: { topic: currentUserHypermedia.topics[echo.topic].at({ id: by }) },
    type: echo.type,
    resource,
    isEcho: true,
  })
  return [
    ...(payload.by === undefined ? [] : [own(payload.by)]),
    { to: { topic }, type: 'channel.message.created', resource, echoes: echo.topic },
    threadId === null
      ? { to: { topic }, type: 'thread.message.created', resource, isAlias: true }
      : {
          to: { topic: threadHypermedia.topics.messages.at({ id: threadId }) },
          type: 'thread.message.created',
          resource,
        },
    ...parentChanged(messages.get(payload.parentId ?? 0)),
  ]
}

/** Returns the delivery of a message whose number of replies has changed. */
function parentChanged(parent: SeenMessage | undefined): Delivery[] {
  if (!parent) return []
  return [toChannel(parent.channelId, 'messages', 'channel.message.updated', Message, parent)]
}

function messageDeleted({ payload }: CommittedEvent): Delivery[] {
  const { message } = payload
  if (!message) return [] // all messages of a channel were deleted at once
  return [
    ...toActor(payload.by, events['channel.message.deleted'].echo, Message, message),
    toChannel(message.channelId, 'messages', 'channel.message.deleted', Message, message),
  ]
}

function reported(echo: EchoAddress) {
  return ({ payload }: CommittedEvent, { users }: Pick<Subjects, 'users'>): Delivery[] => {
    const user = users.get(payload.userId ?? 0)
    const report = user && { ...(payload.report as object), user }
    return toActor(payload.by, echo, MessageReport, report)
  }
}

function reactionChanged(type: 'message.reaction.created' | 'message.reaction.removed') {
  const echo: EchoAddress = events[type].echo
  return ({ channelId, payload }: CommittedEvent, { users }: Pick<Subjects, 'users'>): Delivery[] => {
    const user = users.get(payload.userId ?? 0)
    const emoji = findEmoji(payload.emoji ?? '')
    if (!user || !emoji || channelId === null) return []
    const { messageId, createdTime } = payload
    const reaction = { emoji, user, createdTime, messageId }
    return [
      ...toActor(user.id, echo, Reaction, reaction),
      toChannel(channelId, 'reactions', echo.type, Reaction, reaction),
    ]
  }
}

function receiptChanged(
  { type, channelId, payload }: CommittedEvent,
  { users }: Pick<Subjects, 'users'>,
): Delivery[] {
  const user = users.get(payload.userId ?? 0)
  if (!user || channelId === null) return []
  const { messageId, createdTime, authorId } = payload
  const receipt = { user, createdTime, messageId }
  const resource = presentResource(ReadReceiptShape, receipt)
  const readers = new Set([user.id, authorId ?? null])
  return [
    { to: { topic: channelHypermedia.topics.readReceipts.at({ id: channelId }) }, type, resource },
    ...[...readers].flatMap((id) =>
      id === null
        ? []
        : [{ to: { topic: currentUserHypermedia.topics.readReceipts.at({ id }) }, type, resource }],
    ),
  ]
}
