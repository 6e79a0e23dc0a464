// What arrives while one statement is in flight goes out together in the next: one round trip and one commit for all
// of it. Alone, an item takes the plain statement and waits for nobody.
import { AsyncLocalStorage } from 'node:async_hooks'
import { isRefusal } from '#errors.ts'

export interface Statements<I, O> {
  one(item: I): Promise<O>
  /** Gives each item's outcome, in order. */
  many(items: I[]): Promise<O[]>
}

/** At most so many items in one commit, unless less are asked for. */
export const groupMax = 256

interface GroupOptions {
  /** At most so many items in a group. */
  max?: number
  /** Is called with the size of each group as it goes out. */
  sent?(size: number): void
}

/** A bad item never fails its neighbours: a group that is refused as a whole is sent again one by one. */
export class GroupCommit<I, O> {
  readonly #statements: Statements<I, O>
  readonly #options: GroupOptions
  #waiting: { item: I; resolve: (outcome: O) => void; reject: (error: unknown) => void }[] = []
  #inFlight = false
  /** What goes out together belongs to none of those that wait for it: it keeps nothing of the first one's context. */
  readonly #outside = AsyncLocalStorage.snapshot()

  constructor(statements: Statements<I, O>, options: GroupOptions = {}) {
    this.#statements = statements
    this.#options = options
  }

  /** Settles after the commit that holds the item. */
  submit(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#inFlight) void this.#outside(() => this.#drain())
    })
  }

  async #drain(): Promise<void> {
    this.#inFlight = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.#options.max ?? groupMax)
      const [first] = group
      this.#options.sent?.(group.length)
      if (group.length > 1) {
        try {
          const outcomes = await this.#statements.many(group.map(({ item }) => item))
          for (const [at, { resolve }] of group.entries()) resolve(outcomes[at] as O)
          continue
        } catch (error) {
          // Nothing was stored, and one of them is to blame: each finds out alone. After any other fault, such as a
          // broken connection, the group may be stored all the same; to send it again would be to send it twice.
          if (!isRefusal(error)) {
            for (const { reject } of group) reject(error)
            continue
          }
        }
      }
      if (first) {
        await Promise.all(
          group.map(({ item, resolve, reject }) => this.#statements.one(item).then(resolve, reject)),
        )
      }
    }
    this.#inFlight = false
  }
}
