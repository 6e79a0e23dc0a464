import { setImmediate } from 'node:timers/promises'
import { sliceMs } from './flusher.ts'

/**
 * Does things to many, such as sending an event to its subscribers, in slices between which others have their turn.
 * What begins first is through with everyone first, so each subscriber sees events in order.
 */
export class Fanout {
  #last: Promise<unknown> = Promise.resolve()
  #running = 0

  /** Settles after the last item; what `act` throws ends this run alone. A few items are done before it returns. */
  async forEach<T>(items: Iterable<T>, act: (item: T) => void): Promise<void> {
    const before = this.#running > 0 ? this.#last : undefined
    this.#running += 1
    const run = this.#run(before, items, act).finally(() => {
      this.#running -= 1
    })
    this.#last = run.catch(() => undefined)
    await run
  }

  async #run<T>(before: Promise<unknown> | undefined, items: Iterable<T>, act: (item: T) => void) {
    if (before) await before
    let startedAt = performance.now()
    let count = 0
    for (const item of items) {
      act(item)
      count += 1
      if (count % 64 === 0 && performance.now() - startedAt > sliceMs) {
        await setImmediate()
        startedAt = performance.now()
      }
    }
  }
}
