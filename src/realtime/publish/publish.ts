// Maps committed events to deliveries: the topics, types and resources of runtime contract 4 and 5.
import type { Subjects } from '#domain/events/load-subjects.ts'
import { applicationEvents } from '#realtime/publish/applications.ts'
import { memberEvents } from '#realtime/publish/channel-members.ts'
import { channelEvents } from '#realtime/publish/channels.ts'
import type { Presenters } from '#realtime/publish/delivery.ts'
import { messageEvents } from '#realtime/publish/messages.ts'
import { notificationEvents } from '#realtime/publish/notifications.ts'
import { threadEvents } from '#realtime/publish/threads.ts'
import { userEvents } from '#realtime/publish/users.ts'
import type { CommittedEvent, EventType } from '#resources/events.ts'
import type { Delivery } from '#resources/published-event.ts'

const presenters: Presenters<EventType> = {
  ...applicationEvents,
  ...userEvents,
  ...channelEvents,
  ...memberEvents,
  ...threadEvents,
  ...messageEvents,
  ...notificationEvents,
}

/** Returns the deliveries of an event. @param subjects the event's resources in their current state */
export function deliveriesOf(event: CommittedEvent, subjects: Subjects): Delivery[] {
  return presenters[event.type](event, subjects)
}
