// What events are about, loaded for a whole batch of them at once.
import type { Context } from '#context.ts'
import { findUi } from '#data/applications.ts'
import { findChannels } from '#data/channels.ts'
import { livelyChannelsOf } from '#data/connections.ts'
import { messagesById } from '#data/messages.ts'
import { notificationsById } from '#data/notifications.ts'
import { lastMessagesHidden } from '#data/seen-messages.ts'
import { threadsById } from '#data/threads.ts'
import { usersById } from '#data/users.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { CommittedEvent, EventType } from '#resources/events.ts'
import type { SeenMessage } from '#resources/message.ts'
import type { Notification } from '#resources/notification.ts'
import type { Thread } from '#resources/thread.ts'
import type { Ui } from '#resources/ui.ts'
import type { User } from '#resources/user.ts'

export interface Subjects {
  users: Map<number, User>
  channels: Map<number, SeenChannel>
  messages: Map<number, SeenMessage>
  threads: Map<number, Thread>
  notifications: Map<number, Notification>
  /** By application. */
  uis: Map<number, Ui>
  /** Channels in which somebody is present, by user. */
  livelyChannels: Map<number, number[]>
}

/** Events that show their channel; those of messages do only now and then. */
const showsChannel: ReadonlySet<EventType> = new Set<EventType>([
  'channel.created',
  'channel.upserted',
  'channel.updated',
  'channel.member.joined',
  'channel.member.left',
  'channel.moderator.added',
  'channel.moderator.deleted',
  'channel.membership.changed',
])

/** A fixed number of round trips, whatever the number of events; none for what nobody needs. */
export async function loadSubjects(
  ctx: Context,
  events: CommittedEvent[],
  alsoChannelIds: number[],
): Promise<Subjects> {
  const { db } = ctx
  const ids = (pick: (event: CommittedEvent) => unknown) => [
    ...new Set(events.map(pick).filter((id): id is number => typeof id === 'number')),
  ]
  const present = events.filter(({ type, payload }) => type === 'user.presence.changed' || payload.status)
  const [users, channels, messages, threads, notifications, uis, livelyChannels] = await Promise.all([
    load(
      ids(({ payload }) => payload.userId),
      (wanted) => usersById(db, wanted),
    ),
    load(
      [...new Set([...ids(({ type, channelId }) => showsChannel.has(type) && channelId), ...alsoChannelIds])],
      (wanted) => findShownChannels(ctx, wanted),
    ),
    load(
      [
        ...new Set([
          ...ids(({ payload }) => payload.message === undefined && payload.messageId),
          ...ids(({ type, payload }) => type.endsWith('.message.created') && payload.parentId),
        ]),
      ],
      (wanted) => messagesById(db, wanted),
    ),
    load(
      ids(({ type, threadId }) => type === 'thread.created' && threadId),
      (wanted) => threadsById(db, wanted),
    ),
    load(
      ids(({ payload }) => payload.notificationId),
      (wanted) => notificationsById(db, wanted),
    ),
    load(
      ids(({ type, applicationId }) => type === 'application.ui.updated' && applicationId),
      (wanted) => findUi(db, wanted),
    ),
    load([...new Set(present.flatMap(({ payload }) => payload.userId ?? []))], (wanted) =>
      livelyChannelsOf(db, wanted),
    ),
  ])
  return { users, channels, messages, threads, notifications, uis, livelyChannels }
}

/** Channels as members see them who have not deleted the last message for themselves; the others are named. */
async function findShownChannels({ db }: Context, ids: number[]): Promise<Map<number, SeenChannel>> {
  const [channels, hidden] = await Promise.all([findChannels(db, ids), lastMessagesHidden(db, ids)])
  const shown = new Map<number, SeenChannel>(channels)
  for (const { channelId, messageId, userId } of hidden) {
    const channel = shown.get(channelId)
    if (channel?.lastReceivedMessage?.id !== messageId) continue // there is a newer one
    shown.set(channelId, { ...channel, lastHiddenFrom: [...(channel.lastHiddenFrom ?? []), userId] })
  }
  return shown
}

async function load<E>(
  ids: number[],
  from: (ids: number[]) => Promise<Map<number, E>>,
): Promise<Map<number, E>> {
  return ids.length === 0 ? new Map() : from(ids)
}
