import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'

/** Rests so long after a batch that was not full: a stream of signals need not become a stream of batches. */
const gatherMs = 10

/** Does work that lies in the database, batch by batch: at a signal, and now and then for what no signal announced. */
export class Drain {
  readonly #work: () => Promise<boolean>
  readonly #sweepMs: number
  readonly #log: Context['log']
  /** A batch belongs to none of those that signalled it: it keeps nothing of the first one's context. */
  readonly #outside = AsyncLocalStorage.snapshot()
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

  /** Looks now; resolves when nothing is left to do. */
  async look(): Promise<void> {
    while (this.#state === 'running') await this.#run
    this.#signalled = true
    if (this.#state === 'idle') await this.#begin(0)
  }

  signal(): void {
    this.#signalled = true
    if (this.#state === 'idle') void this.#begin(gatherMs)
  }

  #begin(restMs: number): Promise<void> {
    this.#state = 'running'
    this.#run = this.#outside(() => this.#drain(restMs))
    return this.#run
  }

  async #drain(restMs: number): Promise<void> {
    try {
      while (this.#signalled && this.#state === 'running') {
        this.#signalled = false
        if (await this.#work()) this.#signalled = true
        else if (restMs > 0) await sleep(restMs)
      }
    } catch (error) {
      this.#log.error({ err: error }, 'work in the background failed, and is tried again')
    }
    if (this.#state === 'running') this.#state = 'idle'
  }
}
