// Previews of the pages that messages link to (runtime contract 8.8).
import { LRUCache } from 'lru-cache'
import type { Guard } from '#previews/guard.ts'
import type { LinkPreview } from '#previews/open-graph.ts'

export interface Previews {
  /** Returns the preview of the page at a URL; undefined if there is none, for any reason. Never rejects. */
  fetch(url: string): Promise<LinkPreview | undefined>
}

export interface PreviewsOptions {
  /** Whether to fetch addresses and ports outside the public web as well; for tests, never for users' URLs. */
  allowPrivate?: boolean
  /** Resolves host names to IP addresses; by DNS if absent. */
  resolve?: Guard['resolve']
}

const timeoutMs = 5_000
const runningMax = 8
const waitingMax = 200
const urlMax = 2048
const cachedMax = 1_000
const keptMs = 3_600_000
/** Shorter, because a page without a preview may have been down. */
const missKeptMs = 60_000

/** Fetches at most eight pages at once. Concurrent and repeated requests for a URL share one fetch. */
export function openPreviews({ allowPrivate = false, resolve }: PreviewsOptions = {}): Previews {
  const cache = new LRUCache<string, { preview: LinkPreview | undefined }>({ max: cachedMax, ttl: keptMs })
  const underWay = new Map<string, Promise<LinkPreview | undefined>>()
  const turns = new Turns()

  const fetchAndKeep = async (url: URL, key: string) => {
    if (!(await turns.take())) return undefined
    try {
      const preview = await load(url, allowPrivate, resolve).catch(() => undefined)
      cache.set(key, { preview }, { ttl: preview ? keptMs : missKeptMs })
      return preview
    } finally {
      turns.give()
    }
  }

  return {
    async fetch(text) {
      const url = text.length <= urlMax ? URL.parse(text) : null
      if (!url) return undefined
      url.hash = ''
      const kept = cache.get(url.href)
      if (kept) return kept.preview
      const known = underWay.get(url.href)
      if (known) return known
      const fetching = fetchAndKeep(url, url.href).finally(() => underWay.delete(url.href))
      underWay.set(url.href, fetching)
      return fetching
    },
  }
}

/** Loads the code for fetching on first use, which takes 0.1 s. */
async function load(url: URL, allowPrivate: boolean, resolve: Guard['resolve'] | undefined) {
  const [{ fetchPreview }, { unrestricted, publicWeb }] = await Promise.all([
    import('#previews/fetch-page.ts'),
    import('#previews/guard.ts'),
  ])
  const guard = { ...(allowPrivate ? unrestricted : publicWeb), ...(resolve && { resolve }) }
  return fetchPreview(url, { guard, timeoutMs })
}

/** Limits the number of running and waiting fetches; the rest are refused. */
class Turns {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Resolves to true when it is the caller's turn, which must be given back; to false at once if the queue is full. */
  async take(): Promise<boolean> {
    if (this.#running < runningMax) {
      this.#running++
      return true
    }
    if (this.#waiting.length >= waitingMax) return false
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return true
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running--
  }
}
