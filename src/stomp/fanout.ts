import { setImmediate } from 'node:timers/promises'
import { type Flusher, sliceMs } from './flusher.ts'

/** How many are served before it is looked at the time. */
const groupSize = 64

/**
 * Does things to many, such as sending an event to its subscribers, in slices between which others have their turn.
 * What begins first is through with everyone first, so each subscriber sees events in order.
 */
export class Fanout {
  readonly #flusher: Flusher | undefined
  #last: Promise<unknown> = Promise.resolve()
  #running = 0

  /** @param flusher writes to those who are sent something */
  constructor(flusher?: Flusher) {
    this.#flusher = flusher
  }

  /**
   * Settles after the last item; what `act` throws ends this run alone. A few items are done before it returns.
   * @param isHasty nothing else is to be sent: who was sent something is written to before all were
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
