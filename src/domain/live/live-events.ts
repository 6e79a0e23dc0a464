import type { Context } from '#context.ts'
import { eventsOf } from '#data/events/live.ts'
import { findInvocation } from '#data/functions/invocations.ts'
import { findJob } from '#data/jobs/jobs.ts'
import { messagesById } from '#data/messages/messages.ts'
import { findUserSession } from '#data/users/sessions.ts'
import { findLiveDelivery } from '#data/webhooks/delivery-records.ts'
import type { LiveData, LiveEvent } from '#resources/admin/live.ts'
import { liveNames } from '#resources/admin/live.ts'
import type { CommittedEvent } from '#resources/events.ts'

/** Names of live events that only developers and owners receive. */
const ofDevelopers: string[] = ['function', 'webhook']
/** The maximum number of events in a piece. */
const pieceMax = 50

export interface LivePiece {
  events: LiveEvent[]
  /** The position up to which the piece reaches. */
  position: number
  /** Whether events after the requested position have already been deleted. */
  isForgotten: boolean
  isMore: boolean
}

/** Returns the events of an application after a position, with current data; without those whose subject is gone. */
export async function liveEvents(
  ctx: Context,
  applicationId: number,
  { after, forDevelopers }: { after: number; forDevelopers: boolean },
): Promise<LivePiece> {
  const types = Object.entries(liveNames).flatMap(([type, name]) =>
    ofDevelopers.includes(name) && !forDevelopers ? [] : [type],
  )
  const { events, isForgotten } = await eventsOf(ctx.db, { applicationId, after, types, limit: pieceMax })
  const presented = await Promise.all(present(ctx, applicationId, events))
  return {
    events: presented.flatMap((each) => each ?? []),
    position: events.at(-1)?.position ?? after,
    isForgotten,
    isMore: events.length === pieceMax,
  }
}

function present(
  { db }: Context,
  applicationId: number,
  events: CommittedEvent[],
): Promise<LiveEvent | undefined>[] {
  const ids = events.flatMap(({ payload }) => payload.messageId ?? [])
  const messages = messagesById(db, ids)
  const idOf = ({ payload }: CommittedEvent, key: string) => Number(payload[key] ?? 0)
  const load: { [N in keyof LiveData]: (event: CommittedEvent) => Promise<LiveData[N] | undefined> } = {
    message: async (event) => (await messages).get(idOf(event, 'messageId')) ?? event.payload.message,
    'message.deleted': async ({ channelId, payload: { messageId: id } }) =>
      id === undefined || channelId === null ? undefined : { id, channelId }, // a whole channel may be cleared at once
    session: (event) => findUserSession(db, applicationId, idOf(event, 'sessionId')),
    job: (event) => findJob(db, applicationId, idOf(event, 'jobId')),
    webhook: (event) => findLiveDelivery(db, applicationId, idOf(event, 'deliveryId')),
    async function(event) {
      const found = await findInvocation(db, applicationId, idOf(event, 'invocationId'))
      return found && { ...found.invocation, function: found.function }
    },
  }
  return events.map(async (event) => {
    const name = liveNames[event.type as keyof typeof liveNames]
    const data = await load[name](event)
    return data && ({ position: event.position, name, data } as LiveEvent)
  })
}
