// The journal of one world, and waiting for its entries (testing contract 5).
import { ChatterieError, type TestApiClient } from './http.ts'
import type { EntryKind, EntryOf, JournalEntry, JournalFilter, Match } from './journal-types.ts'
import { describeEntry, describeMisses } from './misses.ts'

const timeoutMs = 5_000
/** Maximum duration of one request; longer waits use several requests. */
const waitMaxMs = 60_000

interface Page {
  entries: JournalEntry[]
  /** The position after which the next page starts; null on the last page. */
  next: number | null
}

export class Journal {
  readonly #client: TestApiClient
  readonly #path: string

  constructor(client: TestApiClient, path: string) {
    this.#client = client
    this.#path = path
  }

  async list<K extends EntryKind>({ after, ...filter }: JournalFilter<K>): Promise<EntryOf<K>[]> {
    const found: JournalEntry[] = []
    let position = positionOf(after)
    for (;;) {
      const query = { ...filter, after: position }
      const { entries, next } = await this.#client.ask<Page>('GET', this.#path, { query })
      found.push(...entries)
      if (next === null) return found as EntryOf<K>[]
      position = next
    }
  }

  async har(): Promise<unknown> {
    return this.#client.ask('GET', `${this.#path}.har`)
  }

  async clear(): Promise<void> {
    await this.#client.ask('DELETE', this.#path)
  }

  async expect<K extends EntryKind>(
    match: Match<K>,
    options: { timeoutMs?: number; after?: number | JournalEntry },
  ): Promise<EntryOf<K>> {
    const waitMs = options.timeoutMs ?? timeoutMs
    const { entry, answer } = await this.#wait(match, waitMs, options.after)
    if (entry) return entry as EntryOf<K>
    throw new Error(
      `Expected an entry like ${JSON.stringify(match)} within ${waitMs} ms.\n${describeMisses(answer)}`,
    )
  }

  async expectNone(
    match: object,
    options: { forMs?: number; timeoutMs?: number; after?: number | JournalEntry },
  ): Promise<void> {
    const waitMs = options.forMs ?? options.timeoutMs ?? timeoutMs
    const { entry } = await this.#wait(match, waitMs, options.after)
    if (!entry) return
    throw new Error(`Expected no entry like ${JSON.stringify(match)}, and there is\n${describeEntry(entry)}`)
  }

  /** @returns the entry, or the answer with the near misses if there is none */
  async #wait(
    match: object,
    forMs: number,
    after: number | JournalEntry | undefined,
  ): Promise<{ entry?: JournalEntry; answer?: unknown }> {
    mustBeObject(match)
    mustBeDuration(forMs)
    const { kind, ...rest } = match as { kind?: EntryKind }
    const wanted = JSON.stringify(rest, refuseOdd)
    const since = performance.now()
    for (;;) {
      const leftMs = Math.max(0, Math.ceil(forMs - (performance.now() - since)))
      const query = {
        kind,
        after: positionOf(after),
        match: wanted,
        timeoutMs: Math.min(leftMs, waitMaxMs),
      }
      try {
        return { entry: await this.#client.ask<JournalEntry>('GET', `${this.#path}/wait`, { query }) }
      } catch (error) {
        if (!(error instanceof ChatterieError) || error.status !== 408) throw error
        if (leftMs <= waitMaxMs) return { answer: error.body }
      }
    }
  }
}

function positionOf(after: number | JournalEntry | undefined): number | undefined {
  return typeof after === 'object' ? after.position : after
}

function mustBeObject(match: unknown): void {
  if (typeof match === 'object' && match !== null && !Array.isArray(match)) return
  throw new TypeError(`A match is an object, a subset of the entry, and not ${String(match)}`)
}

/** A wait that ends at once would not notice what a test must not do. */
function mustBeDuration(ms: unknown): void {
  if (typeof ms === 'number' && ms >= 0) return
  throw new TypeError(`A wait takes milliseconds from 0 on, and not ${String(ms)}`)
}

/** Rejects values that are not JSON: a RegExp or an asymmetric matcher would be serialized as an empty object. */
function refuseOdd(this: unknown, name: string, value: unknown): unknown {
  const isOdd =
    typeof value === 'function' || typeof value === 'symbol' || (isObject(value) && !isPlain(value))
  if (!isOdd) return value
  throw new TypeError(`A match is JSON, and ${name || 'it'} is ${String(value)}`)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

function isPlain(value: object): boolean {
  const parent = Object.getPrototypeOf(value)
  return Array.isArray(value) || parent === null || Object.getPrototypeOf(parent) === null
}
