// Messages of a session that wait for their acknowledgement. A crowd that is told of each other waits for hundreds of
// thousands, so that they are kept in the order of their numbers: a map of them took longer than to send them.
import type { Sent } from '#realtime/subscription.ts'

/** So many that wait no longer are kept among the others, beside as many as wait. */
const doneMax = 32

export class Unacknowledged {
  /** Numbers ascend; with some that wait no longer. */
  #numbered: Sent[] = []
  #waiting = 0
  /** Answers to actions, of which there are few at a time. */
  #named: Map<string, Sent> | undefined

  get size(): number {
    return this.#waiting + (this.#named?.size ?? 0)
  }

  /** Numbered ones come in the order of their numbers. */
  add(sent: Sent): void {
    if (typeof sent.ack === 'string') {
      this.#named ??= new Map()
      this.#named.set(sent.ack, sent)
    } else {
      this.#numbered.push(sent)
      this.#waiting += 1
    }
  }

  /** What was sent with this `ack`, acknowledged and waiting no longer; undefined where nothing waits. */
  take(ack: string): Sent | undefined {
    const sent = this.#named?.get(ack) ?? this.#find(ack)
    if (!sent || sent.isAcknowledged) return undefined
    this.drop(sent)
    return sent
  }

  /** Has it wait no longer. */
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
