import { once } from 'node:events'
import { Worker as Thread } from 'node:worker_threads'
import type { Context } from '#context.ts'
import type { Snapshot } from '#metrics/instruments.ts'
import { programFile } from '#place.ts'

/** Megabytes. Four jobs at once need some 60; the collector uses what it may before it does its work. */
const resourceLimits = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 24 }

const restartMs = 1_000

/** What the thread is asked; it answers with its metrics, and says by itself when it has written events. */
export type Asked = 'metrics' | 'stop'

/** Keeps the thread of background work (src/background.ts) running beside the server. */
export class BackgroundThread {
  readonly #ctx: Context
  readonly #databaseUrl: string
  #thread: Thread | undefined
  #restart: NodeJS.Timeout | undefined
  #isStopping = false
  #unwatch = () => {}
  /** Those who wait for its metrics. */
  #asking: PromiseWithResolvers<Snapshot[]> | undefined

  constructor(ctx: Context, databaseUrl: string) {
    this.#ctx = ctx
    this.#databaseUrl = databaseUrl
  }

  start(): void {
    const { db, log, metrics } = this.#ctx
    const thread = new Thread(programFile('background'), {
      workerData: { databaseUrl: this.#databaseUrl },
      resourceLimits,
    })
    thread.on('message', (said: 'events' | Snapshot[]) => {
      if (said === 'events') db.eventsWritten()
      else this.#asking?.resolve(said)
    })
    thread.on('error', (error) => log.error({ err: error }, 'background work broke off'))
    this.#unwatch = metrics.ask(() => this.#metricsOf(thread))
    thread.on('exit', () => {
      this.#unwatch()
      if (!this.#isStopping) this.#restart = setTimeout(() => this.start(), restartMs)
    })
    this.#thread = thread
  }

  /** Never, where the thread is too busy to say. */
  #metricsOf(thread: Thread): Promise<Snapshot[]> {
    this.#asking = Promise.withResolvers<Snapshot[]>()
    thread.postMessage('metrics' satisfies Asked)
    return this.#asking.promise
  }

  /** Resolves when the batches at hand are stored and what is left is given back. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#restart)
    if (!this.#thread || this.#thread.threadId === -1) return
    const exited = once(this.#thread, 'exit')
    this.#thread.postMessage('stop' satisfies Asked)
    await exited
  }
}
