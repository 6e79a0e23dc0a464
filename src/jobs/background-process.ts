import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { isWorkWaiting } from '#domain/jobs/is-work-waiting.ts'
import type { Snapshot } from '#metrics/instruments.ts'
import { programFile } from '#place.ts'

/** In megabytes. Four concurrent jobs need about 60; V8 uses what it is allowed before it collects garbage. */
const heapLimits = ['--max-old-space-size=160', '--max-semi-space-size=8']

const restartMs = 1_000

/** How often the queue is checked: for work queued by other servers, and whether there is still work. */
const lookMs = 2_000

/** How long the process is kept without work. */
const keptMs = 60_000

/** Requests to the process. `stop`: it ends, and reports what it has counted before. */
export type Asked = { databaseUrl: string } | 'metrics' | 'stop'

/** What the process reports; `events`: it has written events, which the server publishes. */
export type Reported = 'events' | { metrics: Snapshot[] } | { counted: Snapshot[] }

/**
 * Runs the process of background work (src/background.ts) beside the server while there is work, because it takes some
 * 100 MB of memory, and half a second of CPU time to start.
 */
export class BackgroundProcess {
  readonly #ctx: Context
  readonly #databaseUrl: string
  readonly #keptMs: number
  readonly #stopping = new AbortController()
  #process: ChildProcess | undefined
  #isEnding = false
  /** When there was work last, by performance.now(). */
  #neededAt = 0
  #restart: NodeJS.Timeout | undefined
  /** Resolved with the next metrics of the process. */
  #asking: PromiseWithResolvers<Snapshot[]> | undefined

  constructor(ctx: Context, databaseUrl: string, options: { keptMs?: number } = {}) {
    this.#ctx = ctx
    this.#databaseUrl = databaseUrl
    this.#keptMs = options.keptMs ?? keptMs
  }

  start(): void {
    const { metrics, queue } = this.#ctx
    queue.onNeed(() => this.#open())
    metrics.ask(() => this.#askForMetrics())
    void this.#look()
  }

  /** Its process id; undefined if it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Starts the process when there is work, and ends it when there has been none for a while. */
  async #look(): Promise<void> {
    const { log } = this.#ctx
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const isNeeded = await isWorkWaiting(this.#ctx).catch((error) => {
        if (!signal.aborted) log.warn({ err: error }, 'checking for background work failed')
        return undefined
      })
      if (isNeeded) this.#open()
      else if (isNeeded === false && performance.now() - this.#neededAt > this.#keptMs) this.#end()
      await sleep(Math.min(lookMs, this.#keptMs), undefined, { ref: false, signal }).catch(() => {})
    }
  }

  #open(): void {
    this.#neededAt = performance.now()
    if (!this.#process && !this.#stopping.signal.aborted) this.#run()
  }

  #run(): void {
    const { db, log, metrics } = this.#ctx
    const child = fork(programFile('background'), { execArgv: heapLimits })
    this.#process = child
    child.on('message', (reported: Reported) => {
      if (reported === 'events') db.eventsWritten()
      else if ('metrics' in reported) this.#asking?.resolve(reported.metrics)
      else metrics.keep(reported.counted)
    })
    child.on('error', (error) => log.error({ err: error }, 'background work failed'))
    child.on('close', (code, signal) => {
      this.#process = undefined
      if (!this.#isEnding) {
        log.error({ code, signal }, 'background work ended, and is started again')
        this.#restart = setTimeout(() => this.#open(), restartMs)
      }
      this.#isEnding = false
    })
    this.#ask({ databaseUrl: this.#databaseUrl }) // not in its environment, which other programs can read
  }

  /** Asks the process to end once current batches are stored and unfinished jobs are released. */
  #end(): void {
    if (!this.#process || this.#isEnding) return
    this.#isEnding = true
    this.#ask('stop')
  }

  /** Does nothing if the process has just ended. */
  #ask(asked: Asked): void {
    this.#process?.send(asked, () => {})
  }

  /** Never resolves if the process is too busy to answer. */
  async #askForMetrics(): Promise<Snapshot[]> {
    if (!this.#process || this.#isEnding) return []
    this.#asking = Promise.withResolvers<Snapshot[]>()
    this.#ask('metrics')
    return this.#asking.promise
  }

  /** Resolves when the process has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#restart)
    if (!this.#process) return
    const closed = once(this.#process, 'close')
    this.#end()
    await closed
  }
}
