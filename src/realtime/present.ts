// Presents events. One that cannot be presented does not hold up the others.
import type { Context } from '#context.ts'
import { loadSubjects, type Subjects } from '#domain/events/load-subjects.ts'
import { presentEach } from '#domain/events/present-each.ts'
import { withoutWords } from '#errors.ts'
import { presentChannelUpdate } from '#realtime/publish/channels.ts'
import { deliveriesOf } from '#realtime/publish/publish.ts'
import type { CommittedEvent, EventPayload } from '#resources/events.ts'
import type { Delivery, PublishedEvent } from '#resources/published-event.ts'

type SetAside = (event: CommittedEvent, error: unknown) => void

/**
 * Presents a batch of events, in order. One that cannot be presented is set aside: it is published as lost, so that the
 * sessions it concerns start anew. Also returns the last messages of the given channels for their members, by channel.
 * @param setAside is called with each event that is set aside, and why
 * @throws if the database is away
 */
export async function presentEvents(
  ctx: Context,
  events: CommittedEvent[],
  updatedChannelIds: number[],
  setAside: SetAside,
): Promise<{ published: PublishedEvent[]; updates: Map<number, Delivery> }> {
  const [published, updates] = await Promise.all([
    presentBatch(ctx, events, setAside),
    presentChannelUpdates(ctx, updatedChannelIds),
  ])
  return { published, updates }
}

/** Returns deliveries of channels' new last messages to their members, by channel; without deleted channels. */
export async function presentChannelUpdates(ctx: Context, ids: number[]): Promise<Map<number, Delivery>> {
  const updates = new Map<number, Delivery>()
  if (ids.length === 0) return updates
  const { channels } = await loadSubjects(ctx, [], ids)
  for (const [channelId, channel] of channels) {
    try {
      updates.set(channelId, presentChannelUpdate(channel))
    } catch (error) {
      ctx.log.error(
        { err: withoutWords(error), channelId },
        'the last message of a channel could not be published to its members',
      )
    }
  }
  return updates
}

async function presentBatch(
  ctx: Context,
  events: CommittedEvent[],
  setAside: SetAside,
): Promise<PublishedEvent[]> {
  const presented = await presentEach<CommittedEvent, Subjects, PublishedEvent>(events, {
    load: (some) => loadSubjects(ctx, some, []),
    present,
    async setAside(event, error) {
      setAside(event, error)
      return [{ ...toPublished(event, []), isLost: true }]
    },
  })
  return presented.map(([, published]) => published)
}

function present(event: CommittedEvent, subjects: Subjects): PublishedEvent {
  if (!isObject(event.payload)) throw new TypeError('The payload is not an object')
  return toPublished(event, deliveriesOf(event, subjects))
}

function isObject(payload: unknown): payload is EventPayload {
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload)
}

function toPublished(
  { type, applicationId, channelId, position, payload, writtenAt }: CommittedEvent,
  deliveries: Delivery[],
): PublishedEvent {
  const { by, session, receipt, userId, online, traceparent }: EventPayload = isObject(payload) ? payload : {}
  return {
    type,
    applicationId,
    channelId,
    position,
    ...(typeof userId === 'number' && { userId }),
    ...(online === false && { isOffline: true }),
    ...(by !== undefined &&
      session !== undefined && { cause: { by, session, ...(receipt !== undefined && { receipt }) } }),
    deliveries,
    ...(traceparent !== undefined && { traceparent }),
    ...(writtenAt !== undefined && { writtenAt }),
  }
}
