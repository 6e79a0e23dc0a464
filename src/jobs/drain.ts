import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'

/** Pause after a batch that was not full, so that a stream of signals does not become a stream of tiny batches. */
const gatherMs = 10
/** Factor by which the pause grows if nobody waits for the results. */
const restsMax = 4

/** Processes work in the database batch by batch, on a signal, and periodically for work that was not signalled. */
export class Drain {
  readonly #work: () => Promise<boolean>
  readonly #sweepMs: number
  readonly #log: Context['log']
  readonly #isAwaited: () => boolean
  /** Runs batches outside the async context of whoever signals, as a batch belongs to no single signal. */
  readonly #outside = AsyncLocalStorage.snapshot()
  #state: 'idle' | 'running' | 'stopped' = 'idle'
  /** Whether there may be work beyond the current batch. */
  #signalled = false
  #isLookedFor = false
  #run: Promise<void> = Promise.resolve()
  #sweep: NodeJS.Timeout | undefined

  /**
   * @param work processes one batch and returns whether there may be more; after an error, the next sweep continues
   * @param isAwaited returns whether anyone may wait for the results; if not, batches are less frequent
   */
  constructor(
    log: Context['log'],
    sweepMs: number,
    work: () => Promise<boolean>,
    isAwaited: () => boolean = () => true,
  ) {
    this.#log = log
    this.#sweepMs = sweepMs
    this.#work = work
    this.#isAwaited = isAwaited
  }

  start(): void {
    this.#sweep = setInterval(() => this.signal(), this.#sweepMs).unref()
    this.signal()
  }

  /** Resolves when the current batch is done. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep)
    this.#state = 'stopped'
    await this.#run
  }

  /** Starts at once and resolves when no work is left. */
  async look(): Promise<void> {
    this.#isLookedFor = true
    while (this.#state === 'running') await this.#run
    this.#isLookedFor = false
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
        else if (restMs > 0) await this.#rest(restMs)
      }
    } catch (error) {
      this.#log.error({ err: error }, 'background work failed and will be retried')
    }
    if (this.#state === 'running') this.#state = 'idle'
  }

  async #rest(ms: number): Promise<void> {
    for (let rests = 0; rests < restsMax && this.#state === 'running'; rests++) {
      await sleep(ms)
      if (this.#isLookedFor || this.#isAwaited()) return
    }
  }
}
