/** So many questions to one webhook are under way at once, and so many more wait for their turn. */
const askedMax = 64
const waitingMax = 1_024

interface Line {
  asked: number
  /** Those who wait, the first first. */
  waiting: Set<() => void>
}

/** Keeps a crowd of clients from opening a connection each to the webhook that decides about them. */
export class Questions {
  readonly #lines = new Map<number, Line>()

  /**
   * Asks in turn.
   * @param patienceMs for which a turn is waited for
   * @returns nothing where it does not come, or too many wait for theirs
   */
  async ask<T>(webhookId: number, patienceMs: number, ask: () => Promise<T>): Promise<T | undefined> {
    const line = this.#lines.get(webhookId) ?? { asked: 0, waiting: new Set() }
    this.#lines.set(webhookId, line)
    if (line.asked < askedMax) line.asked += 1
    else if (!(await isTurnIn(line, patienceMs))) return undefined
    try {
      return await ask()
    } finally {
      this.#passOn(webhookId, line)
    }
  }

  /** Gives a turn that is over to the next. */
  #passOn(webhookId: number, line: Line): void {
    const [next] = line.waiting
    if (next) next()
    else line.asked -= 1
    if (line.asked === 0) this.#lines.delete(webhookId)
  }
}

async function isTurnIn({ waiting }: Line, patienceMs: number): Promise<boolean> {
  if (waiting.size >= waitingMax) return false
  return new Promise((resolve) => {
    const turn = () => {
      clearTimeout(timer)
      waiting.delete(turn)
      resolve(true)
    }
    const timer = setTimeout(() => {
      waiting.delete(turn)
      resolve(false)
    }, patienceMs)
    waiting.add(turn)
  })
}
