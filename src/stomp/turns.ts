import { setImmediate } from 'node:timers/promises'

/** How much may be written before the event loop continues. */
const charactersMax = 128 * 1024

/**
 * Lets sockets take what was written to them while many messages are. Otherwise a burst would wait in this process, and
 * every subscriber would count as a slow reader.
 */
export class Turns {
  #characters = 0

  /** Resolves at once, or in the next turn of the event loop if it is due. @param characters written to each socket */
  async next(characters: number): Promise<void> {
    this.#characters += characters
    if (this.#characters < charactersMax) return
    this.#characters = 0
    await setImmediate()
  }
}
