// Items that arrive while a statement is in flight are sent together in the next one: one round trip and one commit for
// all. A single item uses the plain statement without waiting.
import { AsyncLocalStorage } from 'node:async_hooks'
import { isRefusal } from '#errors.ts'

export interface Statements<I, O> {
  one(item: I): Promise<O>
  /** Returns the outcome of each item, in order. */
  many(items: I[]): Promise<O[]>
}

/** The default maximum of items in one commit. */
export const groupMax = 256

/** The maximum of users who come or go together; processing their results delays others for a few milliseconds. */
const crowdMax = 64

interface GroupOptions {
  /** The maximum of items in a group. */
  max?: number
  /** Called with the size of each group when it is sent. */
  sent?(size: number): void
}

/** Groups concurrent items. A bad item never fails others: a group that is refused is retried item by item. */
export class GroupCommit<I, O> {
  readonly #statements: Statements<I, O>
  readonly #options: GroupOptions
  #waiting: { item: I; resolve: (outcome: O) => void; reject: (error: unknown) => void }[] = []
  #inFlight = false
  /** Groups run outside the async context of their first item, because they belong to all of their items. */
  readonly #outside = AsyncLocalStorage.snapshot()

  constructor(statements: Statements<I, O>, options: GroupOptions = {}) {
    this.#statements = statements
    this.#options = options
  }

  /** Resolves or rejects after the commit that includes the item. */
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
          // Nothing was stored, because at least one item is invalid: each is retried alone. After any other error,
          // such as a broken connection, the group may have been stored, and a retry could store it twice.
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

/** Groups items with one statement for any number of them, by default up to as many as a crowd of users. */
export function together<I, O>(many: (items: I[]) => Promise<O[]>, max = crowdMax): GroupCommit<I, O> {
  const one = async (item: I) => (await many([item]))[0] as O
  return new GroupCommit({ one, many }, { max })
}
