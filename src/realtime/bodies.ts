// The bodies of the messages that an event is delivered as.
import type { Relations } from '#domain/sessions/relations.ts'
import type { Session } from '#realtime/sessions/session.ts'
import type { Audience, Delivery } from '#resources/published-event.ts'
import { type SharedBody, shareBody } from '#stomp/shared-body.ts'
import { type BaseUrls, withBaseUrls } from '#wire/stompx.ts'

/** Groups the deliveries of an event by audience, in order; only consecutive ones to the same topic are grouped. */
export function byAudience(deliveries: Delivery[]): { to: Audience; messages: Bodies[] }[] {
  const audiences: { to: Audience; messages: Bodies[] }[] = []
  for (const delivery of deliveries) {
    const { to } = delivery
    const last = audiences.at(-1)
    if (last && isTopicAlone(to) && isTopicAlone(last.to) && last.to.topic === to.topic)
      last.messages.push(new Bodies(delivery))
    else audiences.push({ to, messages: [new Bodies(delivery)] })
  }
  return audiences
}

const isTopicAlone = (to: Audience): boolean => !('everybody' in to) && !('membersOf' in to)

/** The bodies of a delivery's message, each serialized once and shared by its recipients. */
export class Bodies {
  readonly delivery: Delivery
  readonly #made = new Map<string, SharedBody>()

  constructor(delivery: Delivery) {
    this.delivery = delivery
  }

  for(session: Session, { memberships }: Relations): SharedBody {
    const { baseUrls, facts } = session
    const { cleared, resource } = this.delivery
    const type = session.nameOf(this.delivery.type)
    const isCleared =
      cleared !== undefined &&
      ((memberships.get(cleared.channelId) ?? 0) >= cleared.through ||
        cleared.hiddenFrom.includes(facts.userId))
    const seen = isCleared ? `cleared ${baseUrls.origin}` : baseUrls.origin
    const key = type === this.delivery.type ? seen : `${type} ${seen}`
    const made = this.#made.get(key)
    if (made) return made
    const body = shareBody(eventBody(type, isCleared ? cleared.resource : resource, baseUrls), json)
    this.#made.set(key, body)
    return body
  }
}

/** Some clients require exactly this spelling (runtime contract 1.6). */
export const json = { 'content-type': 'application/json;charset=UTF-8' }

/** Returns a message body: the envelope of runtime contract 2. */
export function eventBody(type: string, resource: string, baseUrls: BaseUrls): string {
  return `{"type":${JSON.stringify(type)},"version":"v1","resource":${withBaseUrls(resource, baseUrls)}}`
}
