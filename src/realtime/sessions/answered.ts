// Which actions of a session were answered at once, so that their events do not answer them again.

/** `delivered`: the action's event was faster than its answer, and delivered it. */
type State = 'sent' | 'acknowledged' | 'delivered'

/** Maximum number of actions remembered until their events are delivered. */
const answeredMax = 1_000

export class Answered {
  /** By receipt; undefined for the many sessions that only listen. */
  #states: Map<string, State> | undefined

  has(receipt: string): boolean {
    return this.#states?.has(receipt) ?? false
  }

  /** Forgets the action with this receipt, and returns the state of its answer; undefined if there was none. */
  take(receipt: string): State | undefined {
    const state = this.#states?.get(receipt)
    this.#states?.delete(receipt)
    return state
  }

  /** Remembers an answer. Actions that changed nothing have no event, so the oldest answers are dropped. */
  note(receipt: string, state: State): void {
    this.#states ??= new Map()
    this.#states.set(receipt, state)
    if (this.#states.size <= answeredMax) return
    for (const oldest of this.#states.keys()) {
      this.#states.delete(oldest)
      return
    }
  }

  /** Notes that the client has received an answer whose event is not delivered yet. */
  acknowledge(receipt: string): void {
    if (this.#states?.get(receipt) === 'sent') this.#states.set(receipt, 'acknowledged')
  }

  /** Forgets the answers that the client may not have received: their events answer the actions again. */
  forgetUnacknowledged(): void {
    for (const [receipt, state] of this.#states ?? []) {
      if (state !== 'acknowledged') this.#states?.delete(receipt)
    }
  }
}
