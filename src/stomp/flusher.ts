// When sockets are written to: after much was written, what is sent to one within a few milliseconds goes out in one
// piece, and thousands of sockets are served in slices, so that no broadcast holds the thread.

/** How long a frame may wait for others while there is much to write; else it waits for the end of the turn only. */
const coalesceMs = 3

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
  /** When much was written last. */
  #muchAt = Number.NEGATIVE_INFINITY

  /** Has it flushed soon. */
  add(writer: Flushable): void {
    this.#waiting.push(writer)
    if (!this.#isScheduled) this.#schedule()
  }

  #schedule(): void {
    this.#isScheduled = true
    if (performance.now() - this.#muchAt < coalesceMs) setTimeout(this.#run, coalesceMs)
    else setImmediate(this.#run)
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
    const now = performance.now()
    if (now - begunAt > littleMs) this.#muchAt = now
    this.#isScheduled = false
    if (this.#waiting.length > 0) this.#schedule()
  }
}
