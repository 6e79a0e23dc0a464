// The subjects of the events of queued runs, loaded for all runs at once.
import type { Context } from '#context.ts'
import { findChannels } from '#data/channels/channels.ts'
import { notificationsById } from '#data/events/notifications.ts'
import { messagesById } from '#data/messages/messages.ts'
import { hasUnreadInChannel } from '#data/messages/reading.ts'
import { countMessagesOfMember } from '#data/messages/seen-messages.ts'
import { usersById } from '#data/users/users.ts'
import { distinctIds } from '#domain/distinct-ids.ts'
import type { QueuedRun } from '#domain/functions/runs/take-queued-runs.ts'
import type { Channel } from '#resources/channel.ts'
import type { Message } from '#resources/message.ts'
import type { Notification } from '#resources/notification.ts'
import type { User } from '#resources/user.ts'

export interface RunSubjects {
  users: Map<number, User>
  channels: Map<number, Channel>
  messages: Map<number, Message>
  notifications: Map<number, Notification>
  /** The state of the channel at the start of a chat session, by run. */
  chats: Map<number, { unread: boolean; messagesCount: number }>
}

/** Takes four round trips, and two more for each chat session. */
export async function loadRunSubjects(ctx: Context, runs: QueuedRun[]): Promise<RunSubjects> {
  const { db } = ctx
  const [users, channels, messages, notifications, chats] = await Promise.all([
    usersById(db, distinctIds(runs.flatMap(({ payload }) => [payload.userId, payload.by]))),
    findChannels(db, distinctIds(runs.map(({ channelId }) => channelId))),
    messagesById(db, distinctIds(runs.map(({ payload }) => payload.messageId))),
    notificationsById(db, distinctIds(runs.map(({ payload }) => payload.notificationId))),
    Promise.all(
      runs
        .filter((run) => run.function.type === 'user.started.chat_session')
        .map(
          async ({
            id,
            channelId,
            payload,
          }): Promise<[number, { unread: boolean; messagesCount: number }]> => {
            const [unread, messagesCount] = await Promise.all([
              hasUnreadInChannel(db, channelId ?? 0, payload.userId ?? 0),
              countMessagesOfMember(db, channelId ?? 0, payload.userId ?? 0),
            ])
            return [id, { unread, messagesCount }]
          },
        ),
    ),
  ])
  return { users, channels, messages, notifications, chats: new Map(chats) }
}
