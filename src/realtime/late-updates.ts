// Last messages that are published to a channel's members apart from the event that changed them, and therefore have no
// position from which they could be replayed. [decision 13]
import type { Session } from '#realtime/sessions/session.ts'
import { uptime } from '#realtime/sessions/subscription.ts'
import { type EventType, events, eventsWith } from '#resources/events.ts'
import type { PublishedEvent } from '#resources/published-event.ts'

const changesLastMessage: ReadonlySet<EventType | undefined> = eventsWith('changes last message')
const { type: updateType } = events['channel.updated'].echo

/** Longer than a lost connection may stay unnoticed. */
const rememberedSeconds = 300

interface LateUpdate {
  applicationId: number
  changedAt: number
  /** When it was published; undefined if it is still to be. */
  sentAt?: number
}

/** Remembers which channels' members may not have received the last message. Times are those of {@link uptime}. */
export class LateUpdates {
  /** By channel, the first to be forgotten first. */
  readonly #channels = new Map<number, LateUpdate>()

  /** Notes an event that is delivered in this process. */
  note({ type, applicationId, channelId, position, deliveries }: PublishedEvent): void {
    if (channelId === null) return
    const now = uptime()
    if (deliveries.some((each) => each.type === updateType && 'membersOf' in each.to)) {
      const late = this.#channels.get(channelId)
      if (position > 0) this.#channels.delete(channelId)
      else if (late) late.sentAt = now
    } else if (changesLastMessage.has(type)) {
      this.#channels.delete(channelId)
      this.#channels.set(channelId, { applicationId, changedAt: now })
    }
    for (const [id, { changedAt }] of this.#channels) {
      if (changedAt + rememberedSeconds >= now) break
      this.#channels.delete(id)
    }
  }

  /** Returns the channels, with their applications, whose last message was not published since it changed. */
  waiting(): [channelId: number, applicationId: number][] {
    const waiting = [...this.#channels].filter(([, { sentAt }]) => sentAt === undefined)
    return waiting.map(([id, { applicationId }]) => [id, applicationId])
  }

  /** Returns the channels whose last message a session that loses its connection may not have received. */
  of({ relations, receivedAt }: Session): number[] {
    return [...relations.memberships.keys()].filter((id) => {
      const late = this.#channels.get(id)
      return late !== undefined && (late.sentAt ?? receivedAt) >= receivedAt
    })
  }
}
