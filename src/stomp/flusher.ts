// When sockets are written to: after much was written, what is sent to one within as much time as that took goes out in
// one piece, and thousands of sockets are served in slices, so that no broadcast holds the thread.

/**
 * How long a frame may wait for others while there is much to write, at least and at most; else it waits for the end of the
 * turn only. A write costs the system three times what a frame costs us: the more sockets there are, the longer it is
 * worth to gather.
 */
const coalesceMs = { min: 3, max: 20 }

/** Writing that took longer was much. Of less, nobody's answer waits because somebody else was just written to. */
const littleMs = 1

/** How long the thread is held before others have their turn. */
export const sliceMs = 5

interface Flushable {
  /** Writes what waits; must not throw. */
  flush(): void
}

export class Flusher {
  #waiting: Flushable[] = []
  #isScheduled = false
  /** When much was written last, and how long it took. */
  #muchAt = Number.NEGATIVE_INFINITY
  #muchMs = 0

  /** Has it flushed soon. */
  add(writer: Flushable): void {
    this.#waiting.push(writer)
    if (!this.#isScheduled) this.#schedule()
  }

  /** What writes to those who are sent something as they are; nothing while there is much to write. */
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
