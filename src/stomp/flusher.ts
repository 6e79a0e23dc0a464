// Schedules the writes to sockets. After an expensive flush, frames for a socket are gathered for as long as that flush
// took. Thousands of sockets are written to in slices, so that no broadcast blocks the thread.

/**
 * Minimum and maximum time for gathering frames under load; otherwise they wait only for the end of the event loop's
 * turn. A write costs the system three times what a frame costs this process, so the more sockets there are, the longer
 * gathering pays off.
 */
const coalesceMs = { min: 3, max: 20 }

/** Only a longer flush counts as load, so that no answer is delayed by a small write to another client. */
const littleMs = 1

/** How long a slice may occupy the thread. */
export const sliceMs = 5

interface Flushable {
  /** Writes the waiting frames. Must not throw. */
  flush(): void
}

export class Flusher {
  #waiting: Flushable[] = []
  #isScheduled = false
  /** When the last flush under load ended, and how long it took. */
  #muchAt = Number.NEGATIVE_INFINITY
  #muchMs = 0

  /** Schedules a writer to be flushed soon. */
  add(writer: Flushable): void {
    this.#waiting.push(writer)
    if (!this.#isScheduled) this.#schedule()
  }

  /** Returns functions to flush the waiting writers early, during a fan-out; undefined under load. */
  hasten(): { flush(): void; end(): void } | undefined {
    const begunAt = performance.now()
    if (begunAt - this.#muchAt < coalesceMs.max) return undefined
    const flush = () => {
      const writers = this.#waiting
      this.#waiting = []
      for (const writer of writers) writer.flush()
    }
    const end = () => {
      flush()
      this.#note(begunAt)
    }
    return { flush, end }
  }

  #schedule(): void {
    this.#isScheduled = true
    const waitMs = Math.min(Math.max(coalesceMs.min, this.#muchMs), coalesceMs.max)
    if (performance.now() - this.#muchAt < waitMs) setTimeout(this.#run, waitMs)
    else setImmediate(this.#run)
  }

  #note(begunAt: number): void {
    const now = performance.now()
    if (now - begunAt <= littleMs) return
    this.#muchMs = now - begunAt
    this.#muchAt = now
  }

  readonly #run = (): void => {
    const writers = this.#waiting
    this.#waiting = []
    this.#slice(writers, 0, performance.now())
  }

  #slice(writers: Flushable[], from: number, begunAt: number): void {
    const startedAt = performance.now()
    let at = from
    while (at < writers.length) {
      writers[at]?.flush()
      at += 1
      if (at % 64 === 0 && performance.now() - startedAt > sliceMs) break
    }
    if (at < writers.length) {
      setImmediate(() => this.#slice(writers, at, begunAt))
      return
    }
    this.#note(begunAt)
    this.#isScheduled = false
    if (this.#waiting.length > 0) this.#schedule()
  }
}
