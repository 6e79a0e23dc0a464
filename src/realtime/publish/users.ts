import type { Subjects } from '#domain/events/load-subjects.ts'
import { type Presenters, toActor, toContacts, toUser } from '#realtime/publish/delivery.ts'
import { channelHypermedia } from '#resources/channel.ts'
import { type EventType, events } from '#resources/events.ts'
import type { Delivery } from '#resources/published-event.ts'
import { CurrentUser, invisible, User, UserBlockedRecord } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'

export const userEvents: Presenters<Extract<EventType, `user.${string}`>> = {
  'user.created': () => [],
  'user.updated': ({ payload }, { users, livelyChannels }) => {
    const user = users.get(payload.userId ?? 0)
    if (!user) return []
    return [
      ...toActor(user.id, events['user.updated'].echo, CurrentUser, user),
      toContacts('contact.user.updated', user),
      ...(payload.status ? presenceChanged(user, livelyChannels) : []),
    ]
  },
  'user.presence.changed': ({ payload }, { users, livelyChannels }) => {
    const user = users.get(payload.userId ?? 0)
    // Others see an invisible user as offline all along, and are not told that they come and go.
    return user && user.presence.status !== invisible ? presenceChanged(user, livelyChannels) : []
  },
  'user.deleted': ({ payload }, { users }) => {
    const user = users.get(payload.userId ?? 0)
    return toActor(user?.id, events['user.deleted'].echo, User, user)
  },
  'user.banned': () => [],
  'user.unbanned': () => [],
  'user.session.started': () => [],
  'user.blocked': ({ payload }, { users }) => {
    const { by, userId, recordId: id, createdTime } = payload
    const user = users.get(userId ?? 0)
    if (!user || by === undefined) return []
    const { echo } = events['user.blocked']
    return [
      ...toActor(by, echo, User, user),
      toUser(by, { topic: echo.topic, type: 'user.user_blocklist_item.created' }, UserBlockedRecord, {
        id,
        user,
        createdTime,
      }),
    ]
  },
  'user.unblocked': ({ payload }, { users }) =>
    toActor(payload.by, events['user.unblocked'].echo, User, users.get(payload.userId ?? 0)),
}

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
