import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseAway } from '#errors.ts'

/** Number of attempts for a single item. */
const triesMax = 3
const betweenTriesMs = 20

export interface Work<R> {
  /** Maximum number of items in a batch. */
  max: number
  /** Processes up to `limit` of the oldest items, or only the item with the id `only`. */
  take(limit: number, only?: number): Promise<R>
  /** Returns the id of the oldest item. */
  first(): Promise<number | undefined>
  /** Sets aside an item that fails every time, so that the work continues without it. */
  setAside(id: number, error: unknown): Promise<R>
}

/**
 * Processes items in the database in batches, so that one bad item cannot block the others: a failing batch is halved
 * until the item is alone, which is set aside after some attempts; then batches grow again. Nothing is set aside while
 * the database is unavailable.
 */
export class Batches<R> {
  readonly #work: Work<R>
  #limit: number

  constructor(work: Work<R>) {
    this.#work = work
    this.#limit = work.max
  }

  /** Processes one batch. @throws if the database is unavailable */
  async next(): Promise<R> {
    for (;;) {
      try {
        const done = await this.#work.take(this.#limit)
        this.#limit = Math.min(this.#limit * 2, this.#work.max)
        return done
      } catch (error) {
        if (isDatabaseAway(error)) throw error
        if (this.#limit > 1) this.#limit = Math.floor(this.#limit / 2)
        else return await this.#alone()
      }
    }
  }

  async #alone(): Promise<R> {
    let id: number | undefined
    for (let tries = 1; ; tries += 1) {
      // A failed statement still locks the item for a moment.
      id ??= await this.#work.first()
      try {
        return await this.#work.take(1, id)
      } catch (error) {
        if (isDatabaseAway(error)) throw error
        if (tries >= triesMax && id !== undefined) return await this.#work.setAside(id, error)
        if (tries >= 2 * triesMax) throw error
        await sleep(betweenTriesMs)
      }
    }
  }
}
