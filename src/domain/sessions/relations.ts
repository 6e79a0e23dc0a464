// What a user is to channels and to others, as of one position in the log: it follows the events, forwards and back.
import type { Listener } from '#domain/access/topic.ts'
import type { CommittedEvent, EventPayload } from '#resources/events.ts'

/** What of an event changes relations. */
export interface Change extends Partial<Pick<CommittedEvent, 'type' | 'channelId'>> {
  payload: Pick<EventPayload, 'userId' | 'by'> & { memberIds?: unknown }
}

/** Cleared through here, all that a channel has is hidden. */
const allCleared = Number.MAX_SAFE_INTEGER

export class Relations implements Listener {
  readonly userId: number
  /** The channels of the user, each with the message through which it has cleared its history. */
  readonly memberships = new Map<number, number>()
  /** Users that this one has blocked. */
  readonly blocked = new Set<number>()
  /** Of these channels, those that it has left by now, of which the event has yet to be delivered. */
  readonly leaving = new Set<number>()
  /** Memberships that began after where this is, with what the user has cleared by now. */
  readonly #later = new Map<number, number>()

  constructor(userId: number) {
    this.userId = userId
  }

  /** The same, to go its own way. */
  copy(): Relations {
    const copy = new Relations(this.userId)
    for (const [id, cleared] of this.memberships) copy.memberships.set(id, cleared)
    for (const id of this.blocked) copy.blocked.add(id)
    return copy
  }

  /** Follows an event. @returns whether it changed what the user may hear */
  apply({ type, channelId, payload }: Change): boolean {
    const { userId, by } = payload
    switch (type) {
      case 'channel.member.joined':
        if (userId !== this.userId || channelId == null || this.memberships.has(channelId)) return false
        this.memberships.set(channelId, this.#later.get(channelId) ?? 0)
        return true
      case 'channel.member.left':
        return userId === this.userId && this.memberships.delete(channelId ?? 0)
      case 'channel.deleted':
        return this.memberships.delete(channelId ?? 0)
      case 'user.blocked':
        if (by === this.userId && userId != null) this.blocked.add(userId)
        return by === this.userId
      case 'user.unblocked':
        return by === this.userId && this.blocked.delete(userId ?? 0)
      default:
        return false
    }
  }

  /** Goes back behind an event; of a channel that the user has left since, what it shows last is not for it. */
  undo({ type, channelId, payload }: Change): void {
    const { userId, by, memberIds } = payload
    switch (type) {
      case 'channel.member.joined':
        if (userId !== this.userId || channelId == null) return
        this.#later.set(channelId, this.memberships.get(channelId) ?? 0)
        this.memberships.delete(channelId)
        return
      case 'channel.member.left':
        if (userId === this.userId && channelId != null) this.memberships.set(channelId, allCleared)
        return
      case 'channel.deleted': {
        const wasMember = Array.isArray(memberIds) && memberIds.includes(this.userId)
        if (wasMember && channelId != null) this.memberships.set(channelId, allCleared)
        return
      }
      case 'user.blocked':
        if (by === this.userId) this.blocked.delete(userId ?? 0)
        return
      case 'user.unblocked':
        if (by === this.userId && userId != null) this.blocked.add(userId)
        return
      default:
    }
  }
}
