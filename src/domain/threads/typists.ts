// A cache of who may type where, because typing clients ask for it again and again.
import { LRUCache } from 'lru-cache'
import { type EventType, eventsWhere, eventsWith } from '#resources/events.ts'
import type { Thread } from '#resources/thread.ts'
import type { User } from '#resources/user.ts'

/** A user, and the thread that they may type in. */
export interface Typist {
  user: User
  thread: Thread
}

/** Undefined while it is being loaded. */
type Place = { typist: Typist | undefined }

/** The part of an event that says whom it concerns. */
interface About {
  type?: EventType | undefined
  channelId?: number | null | undefined
  userId?: number | null | undefined
}

const usersMax = 10_000
/** How long entries are kept, for changes without an event, such as a thread that expired. */
const keptMs = 60_000
const placesMax = 64

/** Events after which a user may no longer type, or has a different profile. */
const changesUser: ReadonlySet<EventType | undefined> = new Set([
  ...eventsWith('ends sessions'),
  ...eventsWhere(({ audience, subjects }) => audience === 'application' && subjects.includes('users')),
])
/** Events after which a user, or everybody if none is named, is no longer in the channel. */
const endsMembership: ReadonlySet<EventType | undefined> = eventsWith('ends membership')

/**
 * Caches permissions to type until an event may have changed them. Events of this process apply as soon as they are
 * committed, those of others when they are delivered here.
 */
export class Typists {
  readonly #places = new LRUCache<number, Map<string, Place>>({ max: usersMax, ttl: keptMs })

  /**
   * @param where a name of the place, unique for each user
   * @param find checks the permission; if it throws, nothing is cached
   */
  async find(userId: number, where: string, find: () => Promise<Typist>): Promise<Typist> {
    const places = this.#places.get(userId) ?? new Map<string, Place>()
    const known = places.get(where)?.typist
    if (known) return known
    // A result is not cached if an event removes its place while it is being loaded.
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

  /** Removes what an event may have changed. */
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

  /** Removes everything, for changes to a whole world, which publish no events. */
  clear(): void {
    this.#places.clear()
  }
}
