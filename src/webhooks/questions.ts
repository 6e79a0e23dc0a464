/** Maximum number of concurrent questions to one webhook, and of those that wait for a turn. */
const askedMax = 64
const waitingMax = 1_024

interface Line {
  asked: number
  /** Waiting questions in order of arrival. */
  waiting: Set<() => void>
}

/** Prevents a crowd of clients from each opening a connection to the webhook that decides about them. */
export class Questions {
  readonly #lines = new Map<number, Line>()

  /**
   * Asks when it is this question's turn.
   * @param patienceMs maximum wait for a turn
   * @returns undefined if the turn does not come in time or too many are waiting
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

  /** Passes a finished turn to the next question. */
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
