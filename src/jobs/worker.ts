// Runs queued jobs in this process: several applications concurrently, the jobs of one application one after the other.
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Runner, Logger as RunnerLogger, RunnerOptions, WorkerEvents } from 'graphile-worker'
import type { Context } from '#context.ts'
import { holdWorker } from '#domain/jobs/hold-worker.ts'
import { releaseDeadWorkers } from '#domain/jobs/release-dead-workers.ts'
import { releaseWorker } from '#domain/jobs/release-worker.ts'
import { Superseded } from '#domain/jobs/store-batch.ts'
import { isDatabaseAway } from '#errors.ts'
import { runJob } from '#jobs/run-job.ts'

/** Number of concurrent jobs; each uses a connection from time to time. */
const concurrency = 4

/** NOTIFY announces new jobs at once; polling finds jobs that were released or are scheduled for later. */
const pollMs = 2_000

/** Interval of the check whether jobs have ended, while a clock move waits for that. */
const restPollMs = 5

/** Interval of the check for jobs of dead processes. */
const sweepMs = 5_000

/** The worker that a runner serves, until it ends. */
interface Served {
  worker: { take(jobId: number): Promise<void>; log(level: string, message: string): void } | undefined
}

/**
 * Returns the callbacks of a runner. graphile-worker keeps the options of all runners as long as the process lives, so
 * they must not refer to a server that has ended.
 */
function callbacksOf(
  served: Served,
  Logger: typeof RunnerLogger,
): Pick<RunnerOptions, 'taskList' | 'logger'> {
  return {
    taskList: {
      job: (payload) => {
        if (!served.worker) throw new Error('The runner has ended')
        return served.worker.take((payload as { jobId: number }).jobId)
      },
    },
    logger: new Logger(() => (level, message) => served.worker?.log(level, message)),
  }
}

/**
 * A worker is alive as long as the connection on which it listens, because that holds its lock: jobs of a killed
 * process are given to another within a sweep. If a living worker were mistaken for dead, two would run the same job,
 * but storeBatch lets only one of them continue.
 */
export class Worker {
  readonly #ctx: Context
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #givenBack = Promise.withResolvers<void>()
  /** Number of jobs that are running and not waiting for a retry. */
  #active = 0
  #started: Promise<void> = Promise.resolve()
  #runner: Runner | undefined
  #id: string | undefined
  #sweep: NodeJS.Timeout | undefined

  constructor(ctx: Context) {
    this.#ctx = ctx
    ctx.clock.onMove(async () => {
      while (this.#active > 0) await sleep(restPollMs)
    })
  }

  /** Returns at once; the queue is opened in the background. */
  start(): void {
    this.#started = this.#run()
  }

  /** Resolves when current batches are stored and unfinished jobs are released. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#started
    clearInterval(this.#sweep)
    const stopped = this.#runner?.stop().catch(() => {}) // it may have stopped itself
    await Promise.allSettled(this.#running)
    if (this.#id !== undefined) await this.#giveBack(this.#id)
    this.#givenBack.resolve()
    await stopped
  }

  /** If this fails, the next sweep releases the jobs. */
  #giveBack(id: string): Promise<void> {
    return releaseWorker(this.#ctx, id).catch((error) =>
      this.#ctx.log.warn({ err: error }, 'jobs could not be released'),
    )
  }

  /** Keeps a runner going until the stop: one that gave up because the database was unavailable is replaced. */
  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#ctx.queue.ready()
        await this.#open()
        return
      } catch (error) {
        this.#ctx.log.warn({ err: error }, 'the queue cannot be opened')
        await this.#pause(pollMs)
      }
    }
  }

  async #open(): Promise<void> {
    const { Logger, run } = (await import('graphile-worker')).default // a bundle lacks named exports
    const ctx = this.#ctx
    const events: WorkerEvents = new EventEmitter()
    events.on('pool:create', ({ workerPool }) => {
      this.#id = workerPool.id
    })
    events.on('pool:listen:success', ({ workerPool, client }) => {
      // Waits until LISTEN, which the client sends next, has completed.
      client.once('drain', () => {
        holdWorker(client, workerPool.id).catch((error) =>
          ctx.log.warn({ err: error }, 'a worker could not take its lock'),
        )
      })
    })
    await releaseDeadWorkers(ctx, '')
    const served: Served = {
      worker: {
        take: (id) => this.#take(id),
        log: (level, message) =>
          ctx.log[level === 'error' && !this.#stopping.signal.aborted ? 'warn' : 'debug'](message),
      },
    }
    const reopen = () => {
      served.worker = undefined
      events.removeAllListeners()
      if (!this.#stopping.signal.aborted) this.start()
    }
    this.#runner = await run({
      ...callbacksOf(served, Logger),
      pgPool: ctx.db.pool,
      concurrency,
      pollInterval: pollMs,
      noHandleSignals: true,
      parsedCronItems: [],
      events,
    })
    this.#runner.promise.then(reopen, reopen)
    clearInterval(this.#sweep)
    this.#sweep = setInterval(() => {
      const looking = releaseDeadWorkers(ctx, this.#id ?? '').catch((error) =>
        ctx.log.warn({ err: error }, 'checking for the work of dead processes failed'),
      )
      ctx.later(looking)
    }, sweepMs).unref()
  }

  /**
   * Runs a job. A stop is not a failure: the queue is only told after the job was released, as it would otherwise delay
   * the job, each time longer.
   */
  async #take(id: number): Promise<void> {
    const work = this.#work(id)
    this.#running.add(work)
    try {
      await work
    } catch (error) {
      if (this.#stopping.signal.aborted) await this.#givenBack.promise
      throw error
    } finally {
      this.#running.delete(work)
    }
  }

  /** Runs a job to its end. While the database is unavailable it waits; other errors end it after some attempts. */
  async #work(id: number): Promise<void> {
    const { signal } = this.#stopping
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(id, attempt >= attemptsMax)
      } catch (error) {
        // Throwing reports a failure, not the end: the job stays queued until the worker that runs it is done.
        if (error instanceof Superseded || signal.aborted) throw error
        const isAway = isDatabaseAway(error)
        if (isAway) attempt = 0
        this.#ctx.log.warn({ err: error, jobId: id }, 'a job failed and will be retried')
        await (isAway ? this.#pause(retryMs) : this.#until(retryMs * 2 ** attempt))
        signal.throwIfAborted()
      }
    }
  }

  async #attempt(id: number, isLast: boolean): Promise<void> {
    this.#active += 1
    try {
      await runJob(this.#ctx, id, { signal: this.#stopping.signal, isLast })
    } finally {
      this.#active -= 1
    }
  }

  /** Resolves once the clock has advanced that far, or at the stop. */
  async #until(ms: number): Promise<void> {
    const { signal } = this.#stopping
    const { promise, resolve } = Promise.withResolvers<void>()
    const goOn = () => resolve()
    const alarm = this.#ctx.clock.after(ms, goOn)
    signal.addEventListener('abort', goOn)
    await promise
    signal.removeEventListener('abort', goOn)
    alarm.cancel()
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}

const attemptsMax = 5
const retryMs = 250
