/** Limits concurrent work. Waiting work takes turns by key, so that heavy use of one key does not delay the others. */
export class Turns {
  readonly #runningMax: number
  readonly #waitingMax: number
  #running = 0
  /** Waiting work by key; the next key is first. */
  readonly #waiting = new Map<string, (() => void)[]>()

  /** @param waitingMax per key; beyond that, `run` refuses */
  constructor({ runningMax, waitingMax }: { runningMax: number; waitingMax: number }) {
    this.#runningMax = runningMax
    this.#waitingMax = waitingMax
  }

  /** Returns whether more work may wait for this key. */
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

  /** Passes a finished turn to the next key, which then moves to the end of the queue. */
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
