// The unacknowledged messages of a session. When a crowd is notified of each other's changes, hundreds of thousands
// are waiting, so they are kept in an array ordered by number: maintaining a map took longer than sending them.
import type { Sent } from '#realtime/sessions/subscription.ts'

/** The array may contain this many acknowledged messages more than waiting ones before it is compacted. */
const doneMax = 32

export class Unacknowledged {
  /** Numbered messages in ascending order, including some already acknowledged. */
  #numbered: Sent[] = []
  #waiting = 0
  /** Answers to actions by `ack`; there are few at a time. */
  #named: Map<string, Sent> | undefined

  get size(): number {
    return this.#waiting + (this.#named?.size ?? 0)
  }

  /** Adds a message. Numbered messages must be added in ascending order. */
  add(sent: Sent): void {
    if (typeof sent.ack === 'string') {
      this.#named ??= new Map()
      this.#named.set(sent.ack, sent)
    } else {
      this.#numbered.push(sent)
      this.#waiting += 1
    }
  }

  /** Removes and returns the message with this `ack`, now acknowledged; undefined if none is waiting. */
  take(ack: string): Sent | undefined {
    const sent = this.#named?.get(ack) ?? this.#find(ack)
    if (!sent || sent.isAcknowledged) return undefined
    this.drop(sent)
    return sent
  }

  /** Removes a message, and marks it as acknowledged. */
  drop(sent: Sent): void {
    sent.isAcknowledged = true
    if (typeof sent.ack === 'string') {
      this.#named?.delete(sent.ack)
      return
    }
    this.#waiting -= 1
    if (this.#numbered.length <= 2 * this.#waiting + doneMax && this.#waiting > 0) return
    this.#numbered = this.#numbered.filter(({ isAcknowledged }) => !isAcknowledged)
  }

  clear(): void {
    this.#numbered = []
    this.#waiting = 0
    this.#named = undefined
  }

  #find(ack: string): Sent | undefined {
    const wanted = Number(ack)
    if (String(wanted) !== ack) return undefined
    let [from, to] = [0, this.#numbered.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (Number(this.#numbered[middle]?.ack) < wanted) from = middle + 1
      else to = middle
    }
    const found = this.#numbered[from]
    return found?.ack === wanted ? found : undefined
  }
}
