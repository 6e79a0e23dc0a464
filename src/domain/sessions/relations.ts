// What a user is to channels and to others, as of one position in the log: it follows the events, forwards and back.
import type { Listener } from '#domain/access/topic.ts'
import type { CommittedEvent, EventPayload, RelatingEventType } from '#resources/events.ts'

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
  readonly later = new Map<number, number>()

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
  apply(change: Change): boolean {
    return moveOf(change)?.apply(this, change) ?? false
  }

  /** Goes back behind an event; of a channel that the user has left since, what it shows last is not for it. */
  undo(change: Change): void {
    moveOf(change)?.undo(this, change)
  }
}

/** What an event changes of a user's relations, and how that is taken back. */
interface Move {
  /** @returns whether it changed what the user may hear */
  apply(relations: Relations, change: Change): boolean
  undo(relations: Relations, change: Change): void
}

const moves: Record<RelatingEventType, Move> = {
  'channel.member.joined': {
    apply({ userId, memberships, later }, { channelId, payload }) {
      if (payload.userId !== userId || channelId == null || memberships.has(channelId)) return false
      memberships.set(channelId, later.get(channelId) ?? 0)
      return true
    },
    undo({ userId, memberships, later }, { channelId, payload }) {
      if (payload.userId !== userId || channelId == null) return
      later.set(channelId, memberships.get(channelId) ?? 0)
      memberships.delete(channelId)
    },
  },
  'channel.member.left': {
    apply: ({ userId, memberships }, { channelId, payload }) =>
      payload.userId === userId && memberships.delete(channelId ?? 0),
    undo({ userId, memberships }, { channelId, payload }) {
      if (payload.userId === userId && channelId != null) memberships.set(channelId, allCleared)
    },
  },
  'channel.deleted': {
    apply: ({ memberships }, { channelId }) => memberships.delete(channelId ?? 0),
    undo({ userId, memberships }, { channelId, payload: { memberIds } }) {
      const wasMember = Array.isArray(memberIds) && memberIds.includes(userId)
      if (wasMember && channelId != null) memberships.set(channelId, allCleared)
    },
  },
  'user.blocked': {
    apply({ userId, blocked }, { payload }) {
      if (payload.by === userId && payload.userId != null) blocked.add(payload.userId)
      return payload.by === userId
    },
    undo({ userId, blocked }, { payload }) {
      if (payload.by === userId) blocked.delete(payload.userId ?? 0)
    },
  },
  'user.unblocked': {
    apply: ({ userId, blocked }, { payload }) => payload.by === userId && blocked.delete(payload.userId ?? 0),
    undo({ userId, blocked }, { payload }) {
      if (payload.by === userId && payload.userId != null) blocked.add(payload.userId)
    },
  },
}

function moveOf({ type }: Change): Move | undefined {
  return type === undefined || !Object.hasOwn(moves, type) ? undefined : moves[type as RelatingEventType]
}
