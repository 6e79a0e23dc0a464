// Runs queued work in this process: that of several applications at once, of each application one after the other.
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

/** So much work at once; each holds a connection now and then. */
const concurrency = 4

/** New work is announced at once, by NOTIFY; this is for work that was given back, or is to be done later. */
const pollMs = 2_000

/** How often it is looked whether jobs have come to an end, where that is waited for. */
const restPollMs = 5

/** How soon the work of a process that died is found. */
const sweepMs = 5_000

/** Whom a runner works for, until it ends. */
interface Served {
  worker: { take(jobId: number): Promise<void>; log(level: string, message: string): void } | undefined
}

/**
 * What a runner calls. graphile-worker keeps the options of all runners as long as the process lives, so they must not
 * hold the server of one that has ended.
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
 * A worker lives as long as the connection on which it listens for work, for that holds its lock: work that a killed
 * process had taken is given to another within the sweep. Were a living one mistaken for dead, two would do the same;
 * storeBatch lets only one of them go on.
 */
export class Worker {
  readonly #ctx: Context
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #givenBack = Promise.withResolvers<void>()
  /** Jobs at work, and not between two attempts. */
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

  /** Returns at once; the queue is opened behind the server's back. */
  start(): void {
    this.#started = this.#run()
  }

  /** Resolves when the batches at hand are stored and what is left is given back. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#started
    clearInterval(this.#sweep)
    const stopped = this.#runner?.stop().catch(() => {}) // it may have given up before
    await Promise.allSettled(this.#running)
    if (this.#id !== undefined) await this.#giveBack(this.#id)
    this.#givenBack.resolve()
    await stopped
  }

  /** Where that is not possible now, the next sweep does it. */
  #giveBack(id: string): Promise<void> {
    return releaseWorker(this.#ctx, id).catch((error) =>
      this.#ctx.log.warn({ err: error }, 'work was not given back'),
    )
  }

  /** Keeps a runner going until the stop: one that gave up, for the database was away, is replaced. */
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
    const { Logger, run } = (await import('graphile-worker')).default // by name a bundle knows it not
    const ctx = this.#ctx
    const events: WorkerEvents = new EventEmitter()
    events.on('pool:create', ({ workerPool }) => {
      this.#id = workerPool.id
    })
    events.on('pool:listen:success', ({ workerPool, client }) => {
      // Once it listens, which it is about to ask for.
      client.once('drain', () => {
        holdWorker(client, workerPool.id).catch((error) =>
          ctx.log.warn({ err: error }, 'a worker has no lock'),
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
        ctx.log.warn({ err: error }, 'the work of dead processes was not looked for'),
      )
      ctx.later(looking)
    }, sweepMs).unref()
  }

  /**
   * Does a job. A stop is no failure: the queue hears of it when the job was given back already, or it would have the
   * job wait, each time longer.
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

  /** Does a job to its end. The database being away only makes it wait; any other fault ends it after some attempts. */
  async #work(id: number): Promise<void> {
    const { signal } = this.#stopping
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(id, attempt >= attemptsMax)
      } catch (error) {
        // The queue hears of a failure, not of an end: the job is in it until its runner is done.
        if (error instanceof Superseded || signal.aborted) throw error
        const isAway = isDatabaseAway(error)
        if (isAway) attempt = 0
        this.#ctx.log.warn({ err: error, jobId: id }, 'a job failed, and is tried again')
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

  /** Resolves once the clock is so much further, or at the stop. */
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
