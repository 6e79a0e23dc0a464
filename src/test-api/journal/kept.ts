// What each world was asked, answered and delivered, as far back as is kept (testing contract 5).

export const kinds = ['request', 'frame', 'event', 'function', 'webhook'] as const
export type Kind = (typeof kinds)[number]

export interface Entry {
  /** Counts up within the journal of its world. */
  readonly position: number
  /** ISO 8601, by the server's clock. */
  readonly time: string
  readonly kind: Kind
  /** Whether a body is not, or no longer, kept whole. */
  truncated?: true
  readonly [field: string]: unknown
}

/** Which entries are meant; all, where nothing is said. */
export interface Filter {
  kind?: Kind | undefined
  operation?: string | undefined
  type?: string | undefined
  username?: string | undefined
}

export function passes(entry: Entry, filter: Filter): boolean {
  return (
    (filter.kind ?? entry.kind) === entry.kind &&
    (filter.operation ?? entry.operation) === entry.operation &&
    (filter.type ?? entry.type) === entry.type &&
    (filter.username ?? entry.username) === entry.username
  )
}

/** Of a world. */
const entriesMax = 10_000
/** Characters of the bodies of all worlds; beyond, the oldest are let go, and their entries stay. */
const charactersMax = 128 * 1024 * 1024
/** Who waits for entries of one world, at once. */
const listenersMax = 2_000

const bodies = ['requestBody', 'responseBody', 'body', 'payload', 'event', 'result', 'logs'] as const

/** Hears of each entry as it is added, and when there will be none any more. */
export interface Listener {
  added(entry: Entry): void
  ended(): void
}

function withoutAbsent<T extends object>(facts: T): T {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as T
}

function sizeOf(body: unknown): number {
  return body === undefined ? 0 : typeof body === 'string' ? body.length : JSON.stringify(body).length
}

class Journal {
  entries: Entry[] = []
  lastPosition = 0
  readonly listeners = new Set<Listener>()
}

export class Journals {
  readonly #worlds = new Map<number, Journal>()
  /** Entries with bodies, oldest first, with how long these are. */
  readonly #sizes = new Map<Entry, number>()
  #characters = 0

  /**
   * @param at in milliseconds since the epoch
   * @param facts of which those that are undefined are left out
   */
  add(worldId: number, at: number, facts: { kind: Kind; [field: string]: unknown }): void {
    const journal = this.#of(worldId)
    journal.lastPosition += 1
    const entry: Entry = {
      position: journal.lastPosition,
      time: new Date(at).toISOString(),
      ...withoutAbsent(facts),
    }
    const size = bodies.reduce((sum, name) => sum + sizeOf(facts[name]), 0)
    journal.entries.push(entry)
    if (journal.entries.length > entriesMax) this.#letGo(journal.entries.shift())
    if (size > 0) this.#keep(entry, size)
    for (const { added } of journal.listeners) added(entry)
  }

  /** Oldest first, from behind a position. */
  *list(worldId: number, filter: Filter, after = 0): Generator<Entry> {
    const entries = this.#worlds.get(worldId)?.entries ?? []
    // Positions have no gaps.
    const from = Math.max(0, after + 1 - (entries[0]?.position ?? 1))
    for (let at = from; at < entries.length; at += 1) {
      const entry = entries[at]
      if (entry && passes(entry, filter)) yield entry
    }
  }

  /** Newest first. */
  *newest(worldId: number, filter: Filter): Generator<Entry> {
    const entries = this.#worlds.get(worldId)?.entries ?? []
    for (let at = entries.length - 1; at >= 0; at -= 1) {
      const entry = entries[at]
      if (entry && passes(entry, filter)) yield entry
    }
  }

  /** @returns what takes the listener away; undefined where too many listen */
  listen(worldId: number, listener: Listener): (() => void) | undefined {
    const { listeners } = this.#of(worldId)
    if (listeners.size >= listenersMax) return undefined
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** Forgets the entries; positions go on. */
  empty(worldId: number): void {
    for (const entry of this.#worlds.get(worldId)?.entries.splice(0) ?? []) this.#letGo(entry)
  }

  /** Forgets the entries and counts from 1 again; who listens goes on. */
  restart(worldId: number): void {
    this.empty(worldId)
    const journal = this.#worlds.get(worldId)
    if (journal) journal.lastPosition = 0
  }

  /** Forgets all of a world, and lets go who listens. */
  remove(worldId: number): void {
    this.empty(worldId)
    const journal = this.#worlds.get(worldId)
    this.#worlds.delete(worldId)
    for (const { ended } of journal?.listeners ?? []) ended()
  }

  /** Lets go who listens, for the server stops. */
  close(): void {
    for (const { listeners } of this.#worlds.values()) for (const { ended } of listeners) ended()
  }

  #of(worldId: number): Journal {
    const journal = this.#worlds.get(worldId) ?? new Journal()
    this.#worlds.set(worldId, journal)
    return journal
  }

  #keep(entry: Entry, size: number): void {
    this.#sizes.set(entry, size)
    this.#characters += size
    for (const oldest of this.#sizes.keys()) {
      if (this.#characters <= charactersMax) return
      this.#letGo(oldest)
      for (const name of bodies) Reflect.deleteProperty(oldest, name)
      oldest.truncated = true
    }
  }

  #letGo(entry: Entry | undefined): void {
    if (!entry) return
    this.#characters -= this.#sizes.get(entry) ?? 0
    this.#sizes.delete(entry)
  }
}
