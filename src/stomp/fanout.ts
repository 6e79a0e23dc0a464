import { setImmediate } from 'node:timers/promises'
import { type Flusher, sliceMs } from './flusher.ts'

/** Number of items processed between two checks of the time. */
const groupSize = 64

/**
 * Processes many items, such as the subscribers of an event, in slices between which the event loop continues. Runs
 * are processed one after the other, so each subscriber receives events in order.
 */
export class Fanout {
  readonly #flusher: Flusher | undefined
  #last: Promise<unknown> = Promise.resolve()
  #running = 0

  /** @param flusher writes to the sockets of the processed items */
  constructor(flusher?: Flusher) {
    this.#flusher = flusher
  }

  /**
   * Settles after the last item. An error of `act` ends only this run. A few items are processed before it returns.
   * @param isHasty whether nothing else is about to be sent, so that sockets are written to during the run
   */
  async forEach<T>(items: Iterable<T>, act: (item: T) => void, isHasty = false): Promise<void> {
    const before = this.#running > 0 ? this.#last : undefined
    this.#running += 1
    const run = this.#run(before, items, act, isHasty).finally(() => {
      this.#running -= 1
    })
    this.#last = run.catch(() => undefined)
    await run
  }

  async #run<T>(
    before: Promise<unknown> | undefined,
    items: Iterable<T>,
    act: (item: T) => void,
    isHasty: boolean,
  ) {
    if (before) await before
    const writing = isHasty ? this.#flusher?.hasten() : undefined
    let startedAt = performance.now()
    let count = 0
    for (const item of items) {
      act(item)
      count += 1
      if (count % groupSize !== 0) continue
      writing?.flush()
      if (performance.now() - startedAt > sliceMs) {
        await setImmediate()
        startedAt = performance.now()
      }
    }
    if (count >= groupSize) writing?.end()
  }
}
