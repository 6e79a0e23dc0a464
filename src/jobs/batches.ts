import { setTimeout as sleep } from 'node:timers/promises'
import { isDatabaseAway } from '#errors.ts'

/** How often one item is tried when it is alone. */
const triesMax = 3
const betweenTriesMs = 20

export interface Work<R> {
  /** How many items a batch has at most. */
  max: number
  /** Does the oldest items, `limit` at the most, or the one with the id alone. */
  take(limit: number, only?: number): Promise<R>
  /** The id of the oldest item. */
  first(): Promise<number | undefined>
  /** Does without an item that always fails. */
  setAside(id: number, error: unknown): Promise<R>
}

/**
 * Work that lies in the database, in batches of which one item cannot hold back the others: a batch that fails is
 * halved until the item is alone; after some tries it is set aside, and the batches grow again. While the database is
 * away nothing is set aside.
 */
export class Batches<R> {
  readonly #work: Work<R>
  #limit: number

  constructor(work: Work<R>) {
    this.#work = work
    this.#limit = work.max
  }

  /** Does one batch. @throws where the database is away */
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
      // For a moment, a statement that failed still locks the item.
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
