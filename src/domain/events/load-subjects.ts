// The subjects of events, loaded for a whole batch of events at once.
import type { Context } from '#context.ts'
import { findUi } from '#data/applications/applications.ts'
import { findShownChannels } from '#data/channels/channels.ts'
import { notificationsById } from '#data/events/notifications.ts'
import { messagesById } from '#data/messages/messages.ts'
import type { MemberOfChannel } from '#data/messages/seen-messages.ts'
import { threadsById } from '#data/messages/threads.ts'
import { activeChannelsOf } from '#data/users/connections.ts'
import { usersById } from '#data/users/users.ts'
import { distinctIds } from '#domain/distinct-ids.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { EventSubject } from '#resources/event-description.ts'
import { type CommittedEvent, eventsWhere } from '#resources/events.ts'
import type { SeenMessage } from '#resources/message.ts'
import type { Notification } from '#resources/notification.ts'
import type { Thread } from '#resources/thread.ts'
import type { Ui } from '#resources/ui.ts'
import type { User } from '#resources/user.ts'

export interface Subjects extends Record<EventSubject, Map<number, unknown>> {
  users: Map<number, User>
  channels: Map<number, SeenChannel>
  messages: Map<number, SeenMessage>
  parents: Map<number, SeenMessage>
  threads: Map<number, Thread>
  notifications: Map<number, Notification>
  /** By application. */
  uis: Map<number, Ui>
  /** Channels with somebody present, by user. */
  livelyChannels: Map<number, number[]>
}

/** The event types that have each kind of subject. */
const having = {
  users: eventsWhere(({ subjects }) => subjects.includes('users')),
  channels: eventsWhere(({ subjects }) => subjects.includes('channels')),
  messages: eventsWhere(({ subjects }) => subjects.includes('messages')),
  parents: eventsWhere(({ subjects }) => subjects.includes('parents')),
  threads: eventsWhere(({ subjects }) => subjects.includes('threads')),
  notifications: eventsWhere(({ subjects }) => subjects.includes('notifications')),
  uis: eventsWhere(({ subjects }) => subjects.includes('uis')),
  livelyChannels: eventsWhere(({ subjects }) => subjects.includes('livelyChannels')),
} satisfies Record<EventSubject, unknown>

/** Loads the subjects of events in a fixed number of round trips, and none for kinds that no event has. */
export async function loadSubjects(
  ctx: Context,
  events: CommittedEvent[],
  alsoChannelIds: number[],
): Promise<Subjects> {
  const { db } = ctx
  const idsOf = (subject: EventSubject, pick: (event: CommittedEvent) => unknown[]) =>
    distinctIds(events.filter(({ type }) => having[subject].has(type)).flatMap(pick))
  const shown = idsOf('channels', ({ channelId }) => [channelId])
  // Their events show the channel as it is now, although they may have left it since.
  const concerned = events.flatMap(({ type, channelId, payload: { userId, by } }) =>
    channelId !== null && having.channels.has(type)
      ? distinctIds([userId, by]).map((id) => ({ channelId, userId: id }))
      : [],
  )
  const [users, channels, messages, parents, threads, notifications, uis, livelyChannels] = await Promise.all(
    [
      load(
        idsOf('users', ({ payload }) => [payload.userId]),
        (ids) => usersById(db, ids),
      ),
      load([...new Set([...shown, ...alsoChannelIds])], (ids) => loadChannels(ctx, ids, concerned)),
      load(
        idsOf('messages', ({ payload }) => [payload.messageId, payload.parentId]),
        (ids) => messagesById(db, ids),
      ),
      load(
        idsOf('parents', ({ payload }) => [payload.parentId]),
        (ids) => messagesById(db, ids),
      ),
      load(
        idsOf('threads', ({ threadId }) => [threadId]),
        (ids) => threadsById(db, ids),
      ),
      load(
        idsOf('notifications', ({ payload }) => [payload.notificationId]),
        (ids) => notificationsById(db, ids),
      ),
      load(
        idsOf('uis', ({ applicationId }) => [applicationId]),
        (ids) => findUi(db, ids),
      ),
      load(
        idsOf('livelyChannels', ({ type, payload }) => [
          // Of a profile, these channels only show the status.
          (type !== 'user.updated' || payload.status) && payload.userId,
        ]),
        (ids) => activeChannelsOf(db, ids),
      ),
    ],
  )
  for (const { type, payload } of events) {
    const { messageId, message } = payload
    // The event itself holds a message that its channel does not store.
    if (message && messageId !== undefined && having.messages.has(type) && !messages.has(messageId)) {
      messages.set(messageId, message)
    }
  }
  return { users, channels, messages, parents, threads, notifications, uis, livelyChannels }
}

/**
 * Finds channels as most members see them, with the ids of those who do not see the last message: they deleted it for
 * themselves, or are among the concerned but no longer members.
 */
async function loadChannels(
  { db }: Context,
  ids: number[],
  concerned: MemberOfChannel[],
): Promise<Map<number, SeenChannel>> {
  const { channels, hidden } = await findShownChannels(db, ids, concerned)
  const shown = new Map<number, SeenChannel>(channels)
  for (const { channelId, userId } of hidden) {
    const channel = shown.get(channelId)
    if (channel)
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
