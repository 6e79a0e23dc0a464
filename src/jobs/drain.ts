import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'

/** Rests so long after a batch that was not full: a stream of signals need not become a stream of batches. */
const gatherMs = 10
/** So many times as long where nobody waits for what the next would do. */
const restsMax = 4

/** Does work that lies in the database, batch by batch: at a signal, and now and then for what no signal announced. */
export class Drain {
  readonly #work: () => Promise<boolean>
  readonly #sweepMs: number
  readonly #log: Context['log']
  readonly #isAwaited: () => boolean
  /** A batch belongs to none of those that signalled it: it keeps nothing of the first one's context. */
  readonly #outside = AsyncLocalStorage.snapshot()
  #state: 'idle' | 'running' | 'stopped' = 'idle'
  /** Whether there may be more than the batch at hand. */
  #signalled = false
  #isLookedFor = false
  #run: Promise<void> = Promise.resolve()
  #sweep: NodeJS.Timeout | undefined

  /**
   * @param work does one batch, and says whether more may wait; what it leaves at a throw the next sweep finds
   * @param isAwaited says whether somebody may be waiting for what is done; where not, batches come more seldom
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

  /** Resolves when the batch at hand is done. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep)
    this.#state = 'stopped'
    await this.#run
  }

  /** Looks now; resolves when nothing is left to do. */
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
      this.#log.error({ err: error }, 'work in the background failed, and is tried again')
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
