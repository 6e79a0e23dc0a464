import type { Context } from '#context.ts'
import { dispatchEvents } from '#domain/events/dispatch-events.ts'

/** How often rows are looked for whose process died before it told them. */
const sweepMs = 1_000

/** Takes events as they commit: signalled by the writes of this process, swept for those of dead ones. */
export class Dispatcher {
  readonly #ctx: Context
  #state: 'idle' | 'running' | 'signalled' | 'stopped' = 'idle'
  #run: Promise<void> = Promise.resolve()
  #sweep: NodeJS.Timeout | undefined

  constructor(ctx: Context) {
    this.#ctx = ctx
  }

  start(): void {
    this.#ctx.db.onEvents(() => this.#signal())
    this.#sweep = setInterval(() => this.#signal(), sweepMs).unref()
    this.#signal()
  }

  /** Resolves when the batch at hand is done. */
  async stop(): Promise<void> {
    clearInterval(this.#sweep)
    this.#state = 'stopped'
    await this.#run
  }

  #signal(): void {
    if (this.#state === 'idle') {
      this.#state = 'running'
      this.#run = this.#drain()
    } else if (this.#state === 'running') {
      this.#state = 'signalled'
    }
  }

  async #drain(): Promise<void> {
    try {
      let more = true
      while (more && this.#state !== 'stopped') {
        if (this.#state === 'signalled') this.#state = 'running'
        more = (await dispatchEvents(this.#ctx)) || this.#state === ('signalled' as string)
      }
    } catch (error) {
      // The rows are still there; the next sweep takes them.
      this.#ctx.log.error({ err: error }, 'events could not be dispatched')
    }
    if (this.#state !== 'stopped') this.#state = 'idle'
  }
}
