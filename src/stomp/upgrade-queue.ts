// Admits new connections a few at a time. Otherwise, if thousands reconnected at once, existing clients would wait for
// all of their handshakes, and then for all of their first requests.

/** Connections admitted per turn of the event loop; serving their first requests takes a few milliseconds. */
const perTurn = 4

export class UpgradeQueue {
  #waiting: (() => void)[] = []
  #isTurning = false

  /** Runs `enter` at once, or after those already waiting. It must not throw. */
  pass(enter: () => void): void {
    this.#waiting.push(enter)
    if (!this.#isTurning) this.#turn()
  }

  readonly #turn = (): void => {
    const next = this.#waiting.splice(0, perTurn)
    this.#isTurning = next.length > 0
    if (this.#isTurning) setImmediate(this.#turn)
    for (const enter of next) enter()
  }
}
