// Waits for an entry that a test expects.
import { notFound, rateLimited } from '#errors.ts'
import { type Entry, type Filter, type Journals, passes } from '#test-api/journal/kept.ts'
import { differences, holds } from '#test-api/journal/subset.ts'

/** Entries among which the nearest misses are looked for, newest first, and how many of them are told. */
const lookedAtMax = 200
const missesMax = 3

export interface Expectation {
  worldId: number
  filter: Filter
  /** The entry comes behind this position. */
  after: number
  /** What it holds. */
  wanted: unknown
}

/**
 * The first entry that is as expected, there already or to come; undefined where none comes in time, or nobody waits for
 * it any more.
 * @throws ChatError 429 where too many wait in this world, 404 where it is removed meanwhile
 */
export function waitForEntry(
  journals: Journals,
  { worldId, filter, after, wanted }: Expectation,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Entry | undefined> {
  for (const entry of journals.list(worldId, filter, after)) {
    if (holds(entry, wanted)) return Promise.resolve(entry)
  }
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer)
      stop?.()
      signal.removeEventListener('abort', giveUp)
      settle()
    }
    const giveUp = () => end(() => resolve(undefined))
    const timer = setTimeout(giveUp, timeoutMs)
    const stop = journals.listen(worldId, {
      added(entry) {
        if (entry.position > after && passes(entry, filter) && holds(entry, wanted)) end(() => resolve(entry))
      },
      ended: () => end(() => reject(notFound('world', worldId))),
    })
    signal.addEventListener('abort', giveUp)
    if (!stop) end(() => reject(rateLimited('Too many wait for entries of this world', 1_000)))
  })
}

/** Entries that were nearest to what was expected, and what differs. */
export function nearestMisses(
  journals: Journals,
  { worldId, filter, after, wanted }: Expectation,
): { entry: Entry; differences: string[] }[] {
  const candidates: { entry: Entry; differences: string[] }[] = []
  for (const entry of journals.newest(worldId, { kind: filter.kind })) {
    if (entry.position <= after || candidates.length === lookedAtMax) break
    const named = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
    candidates.push({ entry, differences: [...differences(entry, named), ...differences(entry, wanted)] })
  }
  return candidates
    .sort((one, other) => one.differences.length - other.differences.length)
    .slice(0, missesMax)
}
