// An event in the form in which one process publishes it to the others and each process delivers it.
import { z } from 'zod'
import type { Cause, EventType } from '#resources/events.ts'
import { currentUserHypermedia, type UserTopic } from '#resources/user.ts'

const integer = z.number().int()
const userTopics = Object.keys(currentUserHypermedia.topics) as [UserTopic, ...UserTopic[]]

/** Who receives a message. The last option would also match the others, so it is tried last. */
const Audience = z.union([
  /** All members of a channel, each on their own topic of this name. */
  z.object({ membersOf: integer, topic: z.enum(userTopics) }),
  /** All users of the application, each on their own topic of this name. */
  z.object({ everybody: z.literal(true), topic: z.enum(userTopics) }),
  /** All subscribers of the topic. */
  z.object({ topic: z.string() }),
])
export type Audience = z.output<typeof Audience>

const Delivery = z.object({
  to: Audience,
  type: z.string(),
  /** The resource as JSON text. */
  resource: z.string(),
  /** Carries the receipt if the session that acted is among the recipients. */
  isEcho: z.literal(true).exactOptional(),
  /** Also carries the receipt, for generations of clients that expect it here and not on this topic of their user. */
  echoes: z.enum(userTopics).exactOptional(),
  /** The author. Users who have blocked the author do not receive the message. */
  from: integer.exactOptional(),
  /** This user does not receive it. */
  except: integer.exactOptional(),
  /** Nobody but this user receives it. */
  only: integer.exactOptional(),
  /** The session that acted does not receive it. */
  exceptActor: z.literal(true).exactOptional(),
  /** Replaces `resource` for users who cleared their history through the last message, or deleted that message. */
  cleared: z
    .object({
      channelId: integer,
      through: integer,
      hiddenFrom: z.array(integer),
      resource: z.string(),
    })
    .exactOptional(),
  /** For clients that listen for messages of the main thread on the channel's topic (contract 4.3). */
  isAlias: z.literal(true).exactOptional(),
})
export type Delivery = z.output<typeof Delivery>

const EventCause = z.object({
  by: integer,
  session: z.string(),
  receipt: z.string().exactOptional(),
}) satisfies z.ZodType<Cause>

export const PublishedEvent = z.object({
  /** The committed event; absent if there is none, as for typing. May be of a newer version and unknown here. */
  type: z.custom<EventType>((type) => typeof type === 'string').exactOptional(),
  applicationId: integer,
  channelId: integer.nullable(),
  /** The offset; 0 if the event is not stored, so that clients who are not listening miss it. */
  position: integer,
  /** The user the event is about. */
  userId: integer.exactOptional(),
  cause: EventCause.exactOptional(),
  /** The user has gone offline. */
  isOffline: z.literal(true).exactOptional(),
  deliveries: z.array(Delivery),
  /** The trace context of the cause, if it is traced [W3C Trace Context]. */
  traceparent: z.string().exactOptional(),
  /** Time the event was written, in milliseconds by the clock of the publishing process. */
  writtenAt: z.number().exactOptional(),
  /** The event could not be presented, so its recipients have missed it. */
  isLost: z.literal(true).exactOptional(),
})
export type PublishedEvent = z.output<typeof PublishedEvent>
