import type { Context } from '#context.ts'
import { sweepFiles } from '#domain/files/sweep-files.ts'
import { sweepRuntimes } from '#domain/functions/sweep-runtimes.ts'

const sweepMs = 60_000

/** Deletes what nothing shows any more, in the background: files, and what functions kept of deleted applications. */
export class Sweeper {
  readonly #ctx: Context
  #timer: NodeJS.Timeout | undefined
  #state: 'running' | 'stopped' = 'stopped'
  #run: Promise<void> = Promise.resolve()

  constructor(ctx: Context) {
    this.#ctx = ctx
  }

  start(): void {
    this.#state = 'running'
    this.#timer = setTimeout(() => {
      this.#run = this.#sweep()
    }, sweepMs).unref()
  }

  /** Resolves when the batch at hand is done. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
    await this.#run
  }

  async #sweep(): Promise<void> {
    try {
      while (this.#state === 'running' && (await sweepFiles(this.#ctx))) {}
      await sweepRuntimes(this.#ctx)
    } catch (error) {
      this.#ctx.log.error({ err: error }, 'what is left of deleted things could not be swept')
    }
    if (this.#state === 'running') this.start()
  }
}
