// Waits for an entry that a test expects.
import { notFound, rateLimited } from '#errors.ts'
import { type Entry, type Filter, type Journals, passes } from '#test-api/journal/kept.ts'
import { differences, holds } from '#test-api/journal/subset.ts'

/** How many of the newest entries are searched for near misses, and how many near misses are reported. */
const examinedMax = 200
const missesMax = 3

export interface Expectation {
  worldId: number
  filter: Filter
  /** Only entries after this position are considered. */
  after: number
  /** The subset that the entry must contain. */
  wanted: unknown
}

/**
 * Returns the first entry that matches, whether it exists already or is added later; undefined on timeout, or if the
 * signal aborts.
 * @throws ChatError 429 if too many wait in this world, 404 if it is removed meanwhile
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

/** Returns the entries closest to the expectation, with their differences. */
export function nearestMisses(
  journals: Journals,
  { worldId, filter, after, wanted }: Expectation,
): { entry: Entry; differences: string[] }[] {
  const candidates: { entry: Entry; differences: string[] }[] = []
  for (const entry of journals.newest(worldId, { kind: filter.kind })) {
    if (entry.position <= after || candidates.length === examinedMax) break
    const named = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
    candidates.push({ entry, differences: [...differences(entry, named), ...differences(entry, wanted)] })
  }
  return candidates
    .sort((one, other) => one.differences.length - other.differences.length)
    .slice(0, missesMax)
}
