// A made-up event of each type to try functions with. Real events also have links.
import type { Channel } from '#resources/channel.ts'
import type { FunctionType } from '#resources/function.ts'
import type { Emoji, Message } from '#resources/message.ts'
import type { Notification } from '#resources/notification.ts'
import type { User } from '#resources/user.ts'

const createdTime = '2026-03-14T15:09:26.535Z'

const user: User = {
  id: 1,
  type: 'PERSON',
  name: 'jane@example.com',
  displayName: 'Jane',
  displayPictureUrl: 'https://example.com/jane.png',
  isGuest: false,
  presence: { status: 'AVAILABLE', online: true },
  properties: {},
}
const other: User = { ...user, id: 2, name: 'john@example.com', displayName: 'John' }
const channel: Channel = {
  id: 1,
  type: 'PUBLIC',
  name: 'general',
  displayName: 'General',
  properties: {},
  createdTime,
}
const message: Message = {
  id: 1,
  type: 'TEXT',
  channelId: 1,
  user,
  body: 'Hello, world!',
  links: [],
  mentions: [],
  nestedLevel: 0,
  properties: {},
  createdTime,
}
const emoji: Emoji = { character: '👍', description: 'thumbs up', aliases: ['+1', 'thumbsup'], tags: [] }
const notification: Omit<Notification, 'recipientId'> = {
  id: 1,
  title: 'Jane in General',
  body: 'Hello, world!',
  channel,
  data: { type: 'USER:SENT:MESSAGE', recipient: other, channelId: 1, message },
  muted: false,
  createdTime,
}
const event = { type: 'typing', properties: { in: 'a hurry' } }

export const sampleEvents: Record<FunctionType, Record<string, unknown>> = {
  'user.attempted.start_session': { username: 'jane@example.com', authParams: { token: 'made-up' } },
  'user.started.chat_session': { user, channel, channelUnread: true, channelMessagesCount: 7 },
  'user.sent.message': { user, channel, message },
  'user.received.notification': { user: other, notification, userHasActiveSession: false },
  'user.read.message': { user: other, message, receipt: { createdTime, user: other } },
  'user.received.channel_invite': { user: other, channel, invitingUser: user },
  'user.triggered.event': { user, channel, event: { ...event, user } },
  'system.triggered.event': { channel, event },
  'user.reacted_to.message': { user: other, message, reaction: { emoji, user: other, createdTime } },
}
