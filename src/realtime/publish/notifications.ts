import { type Presenters, toUser } from '#realtime/publish/delivery.ts'
import { NotificationShape } from '#resources/notification.ts'

export const notificationEvents: Presenters<'notification.created'> = {
  'notification.created': ({ payload }, { notifications }) => {
    const notification = notifications.get(payload.notificationId ?? 0)
    if (!notification) return []
    const address = { topic: 'notifications', type: 'user.notification.created' } as const
    return [toUser(notification.recipientId, address, NotificationShape, notification)]
  },
}
