import { setImmediate } from 'node:timers/promises'

/** How much may be delivered, and for how long, before the event loop continues. */
const charactersMax = 128 * 1024
const sliceMs = 5

/**
 * Lets sockets take what was written to them while many events are delivered. Otherwise a large batch would wait in this
 * process, and every subscriber would count as a slow reader.
 */
export class Turns {
  #characters = 0
  #startedAt = performance.now()

  /** Resolves at once, or in the next turn of the event loop if it is due. @param characters delivered to each socket */
  async next(characters: number): Promise<void> {
    this.#characters += characters
    if (this.#characters < charactersMax && performance.now() - this.#startedAt < sliceMs) return
    await setImmediate()
    this.#characters = 0
    this.#startedAt = performance.now()
  }
}
