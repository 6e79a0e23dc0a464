// A user's relations to channels and other users at one position in the log; events move them forwards and back.
import type { Listener } from '#domain/access/topic.ts'
import { LazySet } from '#domain/sessions/lazy-set.ts'
import type { CommittedEvent, EventPayload, RelatingEventType } from '#resources/events.ts'

/** The part of an event that changes relations. */
export interface Change extends Partial<Pick<CommittedEvent, 'type' | 'channelId'>> {
  payload: Pick<EventPayload, 'userId' | 'by'> & { memberIds?: unknown }
}

/** As the last cleared message, hides all of a channel's history. */
const allCleared = Number.MAX_SAFE_INTEGER

export class Relations implements Listener {
  readonly userId: number
  /** The channels of the user, each with the message through which they have cleared its history. */
  readonly memberships = new Map<number, number>()
  /** Users that this one has blocked. */
  readonly blocked = new LazySet<number>()
  /** Channels in `memberships` that the user has already left, by an event that is still to be delivered. */
  readonly leaving = new LazySet<number>()
  /** Memberships that begin after this position, with the messages that the user has cleared by now. */
  readonly later = new Map<number, number>()

  constructor(userId: number) {
    this.userId = userId
  }

  /** Returns a copy that changes independently. */
  copy(): Relations {
    const copy = new Relations(this.userId)
    for (const [id, cleared] of this.memberships) copy.memberships.set(id, cleared)
    for (const id of this.blocked) copy.blocked.add(id)
    return copy
  }

  /** Applies an event. @returns whether it changed what the user may receive */
  apply(change: Change): boolean {
    return moveOf(change)?.apply(this, change) ?? false
  }

  /** Reverts an event; for a channel that the user has left since, the last message is hidden from them. */
  undo(change: Change): void {
    moveOf(change)?.undo(this, change)
  }
}

/** How an event changes a user's relations, and how that is reverted. */
interface Move {
  /** @returns whether it changed what the user may receive */
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
