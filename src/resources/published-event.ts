// What an event is to those who hear it, as one process publishes it to the others and as each delivers it.
import { z } from 'zod'
import type { Cause, EventType } from '#resources/events.ts'
import { currentUserHypermedia, type UserTopic } from '#resources/user.ts'

const integer = z.number().int()
const userTopics = Object.keys(currentUserHypermedia.topics) as [UserTopic, ...UserTopic[]]

/** Who gets a message. The last of these would take the others for itself, so it is tried last. */
const Audience = z.union([
  /** Every member of a channel, on their own topics of this name. */
  z.object({ membersOf: integer, topic: z.enum(userTopics) }),
  /** Everybody in the application, on their own topics of this name. */
  z.object({ everybody: z.literal(true), topic: z.enum(userTopics) }),
  /** Whoever subscribes to the topic. */
  z.object({ topic: z.string() }),
])
export type Audience = z.output<typeof Audience>

const Delivery = z.object({
  to: Audience,
  type: z.string(),
  /** The resource as JSON text. */
  resource: z.string(),
  /** Carries the receipt, if the session that acted is among those who get it. */
  isEcho: z.literal(true).exactOptional(),
  /** Carries it, too, for generations of clients that wait here and not on this topic of their user. */
  echoes: z.enum(userTopics).exactOptional(),
  /** Whom it does not concern: whoever has blocked this user. */
  from: integer.exactOptional(),
  /** This user does not get it. */
  except: integer.exactOptional(),
  /** Nor does the session that acted. */
  exceptActor: z.literal(true).exactOptional(),
  /** What those see instead who have cleared their history through the channel's last message, or deleted that one. */
  cleared: z
    .object({
      channelId: integer,
      through: integer,
      hiddenFrom: z.array(integer),
      resource: z.string(),
    })
    .exactOptional(),
  /** For those who listen for the main thread's messages on the topic of the channel (contract 4.3). */
  isAlias: z.literal(true).exactOptional(),
})
export type Delivery = z.output<typeof Delivery>

const EventCause = z.object({
  by: integer,
  session: z.string(),
  receipt: z.string().exactOptional(),
}) satisfies z.ZodType<Cause>

export const PublishedEvent = z.object({
  /** The committed event; absent where none is behind it, as with typing. One of a newer process may be unknown here. */
  type: z.custom<EventType>((type) => typeof type === 'string').exactOptional(),
  applicationId: integer,
  channelId: integer.nullable(),
  /** 0 where it is not kept: who does not listen has missed it. */
  position: integer,
  /** Whom it is about. */
  userId: integer.exactOptional(),
  cause: EventCause.exactOptional(),
  deliveries: z.array(Delivery),
  /** What its delivery follows from, where that is traced [W3C Trace Context]. */
  traceparent: z.string().exactOptional(),
  /** When the event was written, in milliseconds by the clock of the process that published it. */
  writtenAt: z.number().exactOptional(),
  /** It could not be presented: whom it concerns has missed it. */
  isLost: z.literal(true).exactOptional(),
})
export type PublishedEvent = z.output<typeof PublishedEvent>
