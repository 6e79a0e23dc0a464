import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'

/** Rests so long after a batch that was not full: a stream of signals need not become a stream of batches. */
const gatherMs = 10

/** Does work that lies in the database, batch by batch: at a signal, and now and then for what no signal announced. */
export class Drain {
  readonly #work: () => Promise<boolean>
  readonly #sweepMs: number
  readonly #log: Context['log']
  #state: 'idle' | 'running' | 'stopped' = 'idle'
  /** Whether there may be more than the batch at hand. */
  #signalled = false
  #run: Promise<void> = Promise.resolve()
  #sweep: NodeJS.Timeout | undefined

  /** @param work does one batch, and says whether more may wait; what it leaves at a throw the next sweep finds */
  constructor(log: Context['log'], sweepMs: number, work: () => Promise<boolean>) {
    this.#log = log
    this.#sweepMs = sweepMs
    this.#work = work
  }

  start(): void {
    this.#sweep = setInterval(() => this.signal(), this.#sweepMs).unref()
    this.signal()
  }

  /** Resolves when the batch at hand is done. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep)
    this.#state = 'stopped'
    await this.#run
  }

  signal(): void {
    this.#signalled = true
    if (this.#state !== 'idle') return
    this.#state = 'running'
    this.#run = this.#drain()
  }

  async #drain(): Promise<void> {
    try {
      while (this.#signalled && this.#state === 'running') {
        this.#signalled = false
        if (await this.#work()) this.#signalled = true
        else await sleep(gatherMs)
      }
    } catch (error) {
      this.#log.error({ err: error }, 'work in the background failed, and is tried again')
    }
    if (this.#state === 'running') this.#state = 'idle'
  }
}
