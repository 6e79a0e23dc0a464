// Helpers that build the deliveries of an event.
import type { z } from 'zod'
import type { Subjects } from '#domain/events/load-subjects.ts'
import { Channel, type ChannelTopic, channelHypermedia, type SeenChannel } from '#resources/channel.ts'
import type { EchoAddress } from '#resources/event-description.ts'
import type { CommittedEvent, EventType, SubjectsOf } from '#resources/events.ts'
import type { Delivery } from '#resources/published-event.ts'
import { currentUserHypermedia, User } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'

/** Returns the deliveries of an event, given the subjects that its description names. */
type Presenter<T extends EventType> = (
  event: CommittedEvent,
  subjects: Pick<Subjects, SubjectsOf<T>>,
) => Delivery[]

export type Presenters<T extends EventType> = { [K in T]: Presenter<K> }

/** Returns a delivery to all devices of a user. */
export function toUser(
  userId: number,
  { topic, type }: EchoAddress,
  shape: z.ZodType,
  entity: unknown,
): Delivery {
  return {
    to: { topic: currentUserHypermedia.topics[topic].at({ id: userId }) },
    type,
    ...(shape === Channel
      ? presentChannel(entity as SeenChannel)
      : { resource: presentResource(shape, entity) }),
  }
}

/** Returns a delivery to the user who acted; none if a backend acted or the entity is missing. */
export function toActor(
  by: number | undefined,
  echo: EchoAddress,
  shape: z.ZodType,
  entity: unknown,
): Delivery[] {
  if (by === undefined || entity === undefined) return []
  return [{ ...toUser(by, echo, shape, entity), isEcho: true }]
}

/** Returns a delivery to all subscribers of one of the channel's topics. */
export function toChannel(
  id: number,
  topic: ChannelTopic,
  type: string,
  shape: z.ZodType,
  entity: unknown,
): Delivery {
  return {
    to: { topic: channelHypermedia.topics[topic].at({ id }) },
    type,
    resource: presentResource(shape, entity),
  }
}

/** Returns a delivery to all other users of the application, except those who have blocked the user. */
export function toContacts(type: string, user: User): Delivery {
  return {
    to: { everybody: true, topic: 'contacts' },
    type,
    resource: presentResource(User, user),
    except: user.id,
    from: user.id,
  }
}

/** Returns a delivery of a channel to all its members, each on their own topic. */
export function toMembers(channel: SeenChannel, { topic, type }: EchoAddress): Delivery {
  return { to: { membersOf: channel.id, topic }, type, ...presentChannel(channel) }
}

/** Presents a channel, also without its last message, for users who may not see that message. */
function presentChannel(channel: SeenChannel): Pick<Delivery, 'resource' | 'cleared'> {
  const { id: channelId, lastReceivedMessage: last, lastHiddenFrom: hiddenFrom = [] } = channel
  const resource = presentResource(Channel, channel)
  if (!last) return { resource }
  const without = presentResource(Channel, withoutLastMessage(channel))
  return { resource, cleared: { channelId, through: last.id, hiddenFrom, resource: without } }
}

/** Returns the channel as it is shown to users who may not see its last message. */
export function withoutLastMessage(channel: SeenChannel): SeenChannel {
  const { lastReceivedMessage: _, ...rest } = channel
  return rest
}
