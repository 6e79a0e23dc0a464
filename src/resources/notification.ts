import { z } from 'zod'
import { address, defineHypermedia } from '#resources/address.ts'
import { Channel, channelResource } from '#resources/channel.ts'
import { defineResource, Id, Timestamp } from '#resources/define.ts'
import { Message, messageResource } from '#resources/message.ts'
import { User, userResource } from '#resources/user.ts'

const base = { recipient: User, channelId: Id.meta({ deprecated: true }), message: Message }

export const NotificationData = z
  .discriminatedUnion('type', [
    z
      .object({ type: z.literal('USER:SENT:MESSAGE'), ...base })
      .meta({ id: 'ChatUserSentChatUserMessageNotificationData' }),
    z
      .object({ type: z.literal('SYSTEM:SENT:MESSAGE'), ...base })
      .meta({ id: 'ApplicationSentSystemMessageNotificationData' }),
    z
      .object({ type: z.literal('USER:REPLIED_TO:MESSAGE'), ...base, parent: Message })
      .meta({ id: 'ChatUserRepliedToChatUserMessageNotificationData' }),
    z
      .object({ type: z.literal('USER:MENTIONED:USER'), ...base, mentionedUser: User })
      .meta({ id: 'ChatUserMentionedChatUserNotificationData' }),
    z
      .object({ type: z.literal('USER:MENTIONED:CHANNEL'), ...base, mentionedChannel: Channel })
      .meta({ id: 'ChatUserMentionedChannelNotificationData' }),
  ])
  .meta({ id: 'NotificationData' })
export type NotificationData = z.output<typeof NotificationData>

export const NotificationShape = z.object({
  id: Id,
  title: z.string(),
  body: z.string(),
  channel: Channel.optional(),
  data: NotificationData,
  muted: z.boolean().describe('Whether the recipient has muted the channel'),
  readTime: Timestamp.optional(),
  createdTime: Timestamp,
})
/** The recipient's id is needed for its link. */
export type Notification = z.output<typeof NotificationShape> & { recipientId: number }

export const notificationResource = defineResource<typeof NotificationShape, Notification>({
  name: 'notification',
  collection: 'notifications',
  component: 'NotificationResource',
  shape: NotificationShape,
  links: {
    recipient: (notification) => `/users/${notification.recipientId}`,
    application: () => '',
  },
  embeds: {
    channel: channelResource,
    'data.recipient': userResource,
    'data.message': messageResource,
    'data.parent': messageResource,
    'data.mentionedUser': userResource,
    'data.mentionedChannel': channelResource,
  },
})

export const notificationHypermedia = defineHypermedia<Notification>()(NotificationShape, {
  params: () => ({}),
  also: ({ channel, readTime }) => ({
    ...(channel === undefined && { channel: null }),
    ...(readTime === undefined && { readTime: null }),
  }),
})

export const notificationDataHypermedia = defineHypermedia<NotificationData>()(NotificationData, {
  params: ({ message }) => ({ messageId: message.id }),
  relays: { message: address('/application/messages/{messageId}.relay') },
})
