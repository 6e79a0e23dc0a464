// Who comes is let in a few at a time: of thousands that come back at once, those who are there already would wait for all
// that have come by that moment, and then for all that these ask for next.

/** So many a turn of the loop, which then takes what they ask for, a few milliseconds. */
const perTurn = 4

export class Turnstile {
  #waiting: (() => void)[] = []
  #isTurning = false

  /** Runs `enter` at once, or behind those who wait. It must not throw. */
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
