/** Has little run at once, and those who wait take turns by key: whoever asks a lot waits for itself, not others. */
export class Turns {
  readonly #runningMax: number
  readonly #waitingMax: number
  #running = 0
  /** By key; the key whose turn it is comes first. */
  readonly #waiting = new Map<string, (() => void)[]>()

  /** @param waitingMax of one key; beyond, `run` refuses */
  constructor({ runningMax, waitingMax }: { runningMax: number; waitingMax: number }) {
    this.#runningMax = runningMax
    this.#waitingMax = waitingMax
  }

  /** Whether one more of this key may wait. */
  hasRoom(key: string): boolean {
    return (this.#waiting.get(key)?.length ?? 0) < this.#waitingMax
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#runningMax) this.#running += 1
    else await new Promise<void>((resolve) => this.#enqueue(key, resolve))
    try {
      return await work()
    } finally {
      this.#passOn()
    }
  }

  #enqueue(key: string, resolve: () => void): void {
    const waiting = this.#waiting.get(key)
    if (waiting) waiting.push(resolve)
    else this.#waiting.set(key, [resolve])
  }

  /** Gives a turn that is over to the next, whose key goes to the end of the line. */
  #passOn(): void {
    for (const [key, waiting] of this.#waiting) {
      this.#waiting.delete(key)
      const next = waiting.shift()
      if (waiting.length > 0) this.#waiting.set(key, waiting)
      next?.()
      return
    }
    this.#running -= 1
  }
}
