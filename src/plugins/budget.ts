import { LRUCache } from 'lru-cache'

/** Keys that are remembered; the one that was asked for least recently goes first. */
const keysMax = 20_000

/** So much for each key in a window of time, which begins with the first of it. */
export class Budget {
  readonly max: number
  readonly #windowMs: number
  /** Made for the first that takes one: it has room for all. */
  #made: LRUCache<string, { count: number; endsAt: number }> | undefined

  constructor({ max, windowMs }: { max: number; windowMs: number }) {
    this.max = max
    this.#windowMs = windowMs
  }

  get #spent(): LRUCache<string, { count: number; endsAt: number }> {
    this.#made ??= new LRUCache({ max: keysMax })
    return this.#made
  }

  /** Takes one. @returns 0, or the milliseconds until there is one again; then none was taken */
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

  /** Gives one back that was taken. */
  giveBack(key: string): void {
    const spent = this.#spent.get(key)
    if (spent && spent.count > 0) spent.count -= 1
  }
}
