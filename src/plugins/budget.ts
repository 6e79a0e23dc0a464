import { LRUCache } from 'lru-cache'

/** Maximum number of keys that are tracked; the least recently used one is evicted first. */
const keysMax = 20_000

/** Limits each key to `max` uses in a time window, which starts with the first use. */
export class Budget {
  readonly max: number
  readonly #windowMs: number
  /** Created on first use, because it allocates room for all keys. */
  #made: LRUCache<string, { count: number; endsAt: number }> | undefined

  constructor({ max, windowMs }: { max: number; windowMs: number }) {
    this.max = max
    this.#windowMs = windowMs
  }

  get #spent(): LRUCache<string, { count: number; endsAt: number }> {
    this.#made ??= new LRUCache({ max: keysMax })
    return this.#made
  }

  /** Takes one use. @returns 0, or if none is left, the milliseconds until there is one */
  take(key: string): number {
    const now = performance.now()
    const spent = this.#spent.get(key)
    if (!spent || spent.endsAt <= now) {
      this.#spent.set(key, { count: 1, endsAt: now + this.#windowMs })
      return 0
    }
    if (spent.count >= this.max) return Math.ceil(spent.endsAt - now)
    spent.count += 1
    return 0
  }

  /** Returns one use that was taken. */
  giveBack(key: string): void {
    const spent = this.#spent.get(key)
    if (spent && spent.count > 0) spent.count -= 1
  }
}
