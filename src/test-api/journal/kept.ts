// The journal of each world: what it received, answered and delivered, within limits (testing contract 5).

import type { Facts } from '#test-api/journal/fields.ts'

export const journalKinds = ['request', 'frame', 'event', 'function', 'webhook'] as const
export type Kind = (typeof journalKinds)[number]

export interface Entry {
  /** Increases by one within the journal of a world. */
  readonly position: number
  /** ISO 8601, by the server's clock. */
  readonly time: string
  readonly kind: Kind
  /** True if a body was shortened, or dropped later. */
  truncated?: true | undefined
  readonly [field: string]: unknown
}

/** Criteria that an entry must meet; absent ones match every entry. */
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

/** Maximum number per world. */
const entriesMax = 10_000
/** Characters of bodies in all worlds; beyond that, the oldest bodies are dropped, but their entries remain. */
const charactersMax = 128 * 1024 * 1024
/** Maximum number of simultaneous listeners per world. */
const listenersMax = 2_000

const bodies = ['requestBody', 'responseBody', 'body', 'payload', 'event', 'result', 'logs'] as const

/** Notified of each added entry, and when no more will follow. */
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
  /** Entries with bodies, oldest first, with the total length of these bodies. */
  readonly #sizes = new Map<Entry, number>()
  #characters = 0

  /**
   * @param at in milliseconds since the epoch
   */
  add(worldId: number, at: number, facts: Facts): void {
    const journal = this.#of(worldId)
    journal.lastPosition += 1
    const entry: Entry = {
      position: journal.lastPosition,
      time: new Date(at).toISOString(),
      ...withoutAbsent(facts),
    }
    const size = bodies.reduce((sum, name) => sum + sizeOf(entry[name]), 0)
    journal.entries.push(entry)
    if (journal.entries.length > entriesMax) this.#letGo(journal.entries.shift())
    if (size > 0) this.#keep(entry, size)
    for (const { added } of journal.listeners) added(entry)
  }

  /** Yields the entries after a position that pass the filter, oldest first. */
  *list(worldId: number, filter: Filter, after = 0): Generator<Entry> {
    const entries = this.#worlds.get(worldId)?.entries ?? []
    // Positions have no gaps.
    const from = Math.max(0, after + 1 - (entries[0]?.position ?? 1))
    for (let at = from; at < entries.length; at += 1) {
      const entry = entries[at]
      if (entry && passes(entry, filter)) yield entry
    }
  }

  /** Yields the entries that pass the filter, newest first. */
  *newest(worldId: number, filter: Filter): Generator<Entry> {
    const entries = this.#worlds.get(worldId)?.entries ?? []
    for (let at = entries.length - 1; at >= 0; at -= 1) {
      const entry = entries[at]
      if (entry && passes(entry, filter)) yield entry
    }
  }

  /** Adds a listener. @returns a function that removes it; undefined if there are too many listeners */
  listen(worldId: number, listener: Listener): (() => void) | undefined {
    const { listeners } = this.#of(worldId)
    if (listeners.size >= listenersMax) return undefined
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** Removes the entries; positions continue. */
  empty(worldId: number): void {
    for (const entry of this.#worlds.get(worldId)?.entries.splice(0) ?? []) this.#letGo(entry)
  }

  /** Removes the entries and restarts positions at 1; listeners remain. */
  restart(worldId: number): void {
    this.empty(worldId)
    const journal = this.#worlds.get(worldId)
    if (journal) journal.lastPosition = 0
  }

  /** Removes the journal of a world and ends its listeners. */
  remove(worldId: number): void {
    this.empty(worldId)
    const journal = this.#worlds.get(worldId)
    this.#worlds.delete(worldId)
    for (const { ended } of journal?.listeners ?? []) ended()
  }

  /** Ends all listeners, because the server is stopping. */
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
