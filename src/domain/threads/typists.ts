// Who was found to be allowed to type where: everybody who types asks for the same again and again.
import { LRUCache } from 'lru-cache'
import { type EventType, eventsWhere, eventsWith } from '#resources/events.ts'
import type { Thread } from '#resources/thread.ts'
import type { User } from '#resources/user.ts'

/** A user, and the thread that it may type in. */
export interface Typist {
  user: User
  thread: Thread
}

/** Undefined while it is being found. */
type Place = { typist: Typist | undefined }

/** What of an event says whom it is about. */
interface About {
  type?: EventType | undefined
  channelId?: number | null | undefined
  userId?: number | null | undefined
}

const usersMax = 10_000
/** What no event tells of, such as that a thread has had its time, is found out after so long. */
const keptMs = 60_000
const placesMax = 64

/** After these a user may type nowhere as before, or looks different. */
const changesUser: ReadonlySet<EventType | undefined> = new Set([
  ...eventsWith('ends sessions'),
  ...eventsWhere(({ audience, subjects }) => audience === 'application' && subjects.includes('users')),
])
/** After these its user, or where none is named nobody, is in the channel any longer. */
const endsMembership: ReadonlySet<EventType | undefined> = eventsWith('ends membership')

/**
 * Keeps what was found until an event says that it may be otherwise. Events of this process count as soon as they are
 * committed, those of others when they are delivered here.
 */
export class Typists {
  readonly #places = new LRUCache<number, Map<string, Place>>({ max: usersMax, ttl: keptMs })

  /**
   * @param where the place, by whatever name it is asked for
   * @param find decides who may; what it throws is not kept
   */
  async find(userId: number, where: string, find: () => Promise<Typist>): Promise<Typist> {
    const places = this.#places.get(userId) ?? new Map<string, Place>()
    const known = places.get(where)?.typist
    if (known) return known
    // What is forgotten while it is being found is not kept.
    const place: Place = { typist: undefined }
    if (places.size >= placesMax) places.clear()
    places.set(where, place)
    this.#places.set(userId, places)
    try {
      place.typist = await find()
      return place.typist
    } finally {
      if (!place.typist && places.get(where) === place) places.delete(where)
    }
  }

  /** Forgets what an event may have changed. */
  follow({ type, channelId, userId }: About): void {
    if (typeof userId === 'number') {
      if (changesUser.has(type) || endsMembership.has(type)) this.#places.delete(userId)
    } else if (endsMembership.has(type)) {
      for (const places of this.#places.values()) {
        for (const [where, { typist }] of places) {
          if (!typist || typist.thread.channelId === channelId) places.delete(where)
        }
      }
    }
  }

  /** Forgets all, where what was written is not told of. */
  clear(): void {
    this.#places.clear()
  }
}
