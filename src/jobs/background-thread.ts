import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker as Thread } from 'node:worker_threads'
import type { Context } from '#context.ts'
import { isWorkWaiting } from '#domain/jobs/is-work-waiting.ts'
import type { Snapshot } from '#metrics/instruments.ts'
import { programFile } from '#place.ts'

/** Megabytes. Four jobs at once need some 60; the collector uses what it may before it does its work. */
const resourceLimits = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 24 }

const restartMs = 1_000

/** How often it is looked for work that was put into the queue by others, or before this process came. */
const lookMs = 2_000

/** What the thread is asked; it answers with its metrics, and says by itself when it has written events. */
export type Asked = 'metrics' | 'stop'

/**
 * Keeps the thread of background work (src/background.ts) running beside the server, from the first work on: it takes 70
 * MB, and half a second of processor to begin.
 */
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
    this.#ctx.queue.onNeed(() => this.#open())
    void this.#look()
  }

  async #look(): Promise<void> {
    const { log } = this.#ctx
    while (!this.#thread && !this.#isStopping) {
      const isNeeded = await isWorkWaiting(this.#ctx).catch((error) => {
        if (!this.#isStopping) log.warn({ err: error }, 'it cannot be seen whether there is work')
        return false
      })
      if (isNeeded) this.#open()
      else await sleep(lookMs, undefined, { ref: false })
    }
  }

  #open(): void {
    if (!this.#thread && !this.#isStopping) this.#run()
  }

  #run(): void {
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
      if (!this.#isStopping) this.#restart = setTimeout(() => this.#run(), restartMs)
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
