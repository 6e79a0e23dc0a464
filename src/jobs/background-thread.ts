import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker as Thread } from 'node:worker_threads'
import type { Context } from '#context.ts'
import { isWorkWaiting } from '#domain/jobs/is-work-waiting.ts'
import type { Snapshot } from '#metrics/instruments.ts'
import { programFile } from '#place.ts'

/** In megabytes. Four concurrent jobs need about 60; V8 uses what it is allowed before it collects garbage. */
const resourceLimits = { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 24 }

const restartMs = 1_000

/** Interval of the check for work queued by other processes, or before this one started. */
const lookMs = 2_000

/** Requests to the thread: it answers with its metrics, and reports events that it has written on its own. */
export type Asked = 'metrics' | 'stop'

/**
 * Keeps the thread of background work (src/background.ts) running beside the server. It is started with the first work,
 * because it takes 70 MB of memory and half a second of CPU time to start.
 */
export class BackgroundThread {
  readonly #ctx: Context
  readonly #databaseUrl: string
  #thread: Thread | undefined
  #restart: NodeJS.Timeout | undefined
  #isStopping = false
  #unwatch = () => {}
  /** Resolved with the thread's next metrics. */
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

  /** Never resolves if the thread is too busy to answer. */
  #metricsOf(thread: Thread): Promise<Snapshot[]> {
    this.#asking = Promise.withResolvers<Snapshot[]>()
    thread.postMessage('metrics' satisfies Asked)
    return this.#asking.promise
  }

  /** Resolves when current batches are stored and unfinished jobs are released. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#restart)
    if (!this.#thread || this.#thread.threadId === -1) return
    const exited = once(this.#thread, 'exit')
    this.#thread.postMessage('stop' satisfies Asked)
    await exited
  }
}
