// Runs customers' functions, those of each application in processes of their own.
import { join } from 'node:path'
import { type Clock, realClock } from '#clock/clock.ts'
import { type Bootstrap, buildBootstrap } from './bootstrap.ts'
import { FunctionProcess, type ProcessSettings, type Run } from './function-process.ts'
import { ProcessRecords } from './left-overs.ts'
import { failed, type Outcome } from './outcome.ts'
import { type Member, Pool, type Waiting } from './pool.ts'
import { prepareProcess, type RuntimeSpec } from './prepare.ts'
import type { StartOrder } from './protocol.ts'
import { Scripts } from './scripts.ts'

/** An invocation to run. */
export interface Invocation {
  /** Identifies the script: each script has a different id. */
  versionId: number
  /** The customer's source, not yet compiled. */
  handlerScript: string
  /** Must be representable as JSON. */
  event: unknown
  /** The type of the event, such as `user.sent.message`. */
  eventType: string
  /** Bearer token of the application, for the APIs of the context. */
  token: string
  /** Trace context of the cause, if it is traced. */
  traceparent?: string
  /** Time limit for the script, without the wait for a process. */
  timeoutMs: number
  /** Maximum wait for a free process; defaults to `timeoutMs`. */
  waitMs?: number
  /** Ends the invocation when aborted: its process, if it has begun. */
  signal?: AbortSignal
}

export interface RunnerOptions {
  /** The folder for files that all processes read. */
  folder: string
  /** Whether functions may connect to addresses that only this host or its network can reach. */
  egress: 'open' | 'guarded'
  /** Limit for JavaScript's heap in each process. */
  memoryMb?: number
  /** Maximum number of processes for all applications together. */
  processesMax?: number
  processesPerApplicationMax?: number
  /** Maximum number of an application's invocations that wait for a process; more are refused. */
  waitingMax?: number
  /** Idle time after which a process ends. */
  idleMs?: number
  /** How long `close` waits for running invocations. */
  closeMs?: number
  /** The clock that functions see; defaults to the real one. */
  clock?: Clock
  log: { warn(fields: object, message: string): void }
}

const stopping = 'the server is stopping'

const defaults = {
  memoryMb: 192,
  processesMax: 16,
  processesPerApplicationMax: 4,
  waitingMax: 1_000,
  idleMs: 300_000,
  closeMs: 5_000,
  clock: realClock,
}

/** The processes of all applications. There is one runner per server process, which must be closed. */
export class FunctionRunner {
  readonly #options: RunnerOptions & typeof defaults
  readonly #pools = new Map<number, Pool>()
  readonly #scripts = new Scripts()
  readonly #sweeper: NodeJS.Timeout
  readonly #records: ProcessRecords
  /** No process starts before this resolves. */
  readonly #swept: Promise<void>
  #bootstrap: Promise<Bootstrap> | undefined
  #isClosed = false

  constructor(options: RunnerOptions) {
    this.#options = { ...defaults, ...options }
    this.#records = new ProcessRecords(join(options.folder, 'processes'))
    this.#swept = this.#sweep()
    this.#sweeper = setInterval(() => this.#endIdle(), Math.min(10_000, this.#options.idleMs)).unref()
  }

  /** Whether this Node version can confine functions: 22.13, 23.5 or later. */
  static readonly isSupported = process.allowedNodeEnvironmentFlags.has('--permission')

  /** Runs a function once. Errors are returned as the outcome, never thrown. */
  async invoke(spec: RuntimeSpec, invocation: Invocation): Promise<Outcome> {
    if (!FunctionRunner.isSupported) return failed('runtime', 'functions need Node 22.13 or later')
    const script = await this.#scripts.compile(invocation.handlerScript, 'function.ts')
    if ('error' in script) return failed('threw', script.error)
    const initialization = await this.#scripts.compile(spec.initializationScript ?? '', 'initialization.ts')
    if ('error' in initialization) return failed('threw', initialization.error)
    if (this.#isClosed) return failed('runtime', stopping)
    const { handlerScript: _, waitMs = invocation.timeoutMs, signal, ...run } = invocation
    return this.#wait(spec, { ...run, script }, { waitMs, signal })
  }

  /** Runs all further invocations in new processes; current ones finish where they are. */
  deploy(applicationId: number): void {
    const pool = this.#pools.get(applicationId)
    if (!pool) return
    for (const each of pool.preparing) each.isVoid = true
    for (const process of pool.processes) process.retire()
    this.#serve()
  }

  /** Returns the ids of the applications that have processes or wait for one. */
  applications(): number[] {
    return [...this.#pools.keys()]
  }

  /** Ends the processes of an application at once, including current invocations. */
  async end(applicationId: number): Promise<void> {
    const pool = this.#pools.get(applicationId)
    if (!pool) return
    pool.clear(failed('runtime', 'its application no longer exists'))
    const { processes } = pool
    for (const process of processes) {
      process.retire()
      process.abandon('its application no longer exists')
    }
    await Promise.all(processes.map(({ ended }) => ended))
  }

  /** Ends all processes; current invocations get some time to finish. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    const pools = [...this.#pools.values()]
    for (const pool of pools) pool.clear(failed('runtime', stopping))
    const processes = pools.flatMap((pool) => pool.processes)
    for (const process of processes) {
      process.retire()
      if (process.state !== 'running') process.kill()
    }
    const late = setTimeout(() => {
      for (const process of processes) process.abandon(stopping)
    }, this.#options.closeMs)
    await Promise.all(processes.map(({ ended }) => ended))
    clearTimeout(late)
  }

  /** Returns the process ids of one application, or of all. */
  pids(applicationId?: number): number[] {
    const pools = [...this.#pools.values()].filter(
      (pool) => applicationId === undefined || pool.applicationId === applicationId,
    )
    return pools.flatMap(({ processes }) => processes.flatMap(({ pid }) => pid ?? []))
  }

  async #sweep(): Promise<void> {
    const pids = await this.#records.sweep()
    if (pids.length > 0)
      this.#options.log.warn({ pids }, 'function processes of a previous server were ended')
  }

  async #prepare(spec: RuntimeSpec): Promise<[ProcessSettings, StartOrder]> {
    const initialization = await this.#scripts.compile(spec.initializationScript ?? '', 'initialization.ts')
    await this.#swept
    this.#bootstrap ??= buildBootstrap(this.#options.folder)
    this.#bootstrap.catch(() => {
      this.#bootstrap = undefined
    })
    return prepareProcess(spec, {
      ...this.#options,
      bootstrap: await this.#bootstrap,
      ...(spec.initializationScript && !('error' in initialization) && { initialization }),
    })
  }

  #wait(
    spec: RuntimeSpec,
    run: Run,
    { waitMs, signal }: { waitMs: number; signal: AbortSignal | undefined },
  ): Promise<Outcome> {
    const pool = this.#poolOf(spec.applicationId)
    if (pool.waiting.length >= this.#options.waitingMax) {
      return Promise.resolve(failed('runtime', 'too many invocations of this application wait already'))
    }
    if (signal?.aborted) return Promise.resolve(failed('runtime', stopping))
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        signal?.removeEventListener('abort', end)
        resolve(outcome)
      }
      const end = () => {
        if (waiting.process) return waiting.process.abandon(stopping)
        pool.stopWaiting(waiting)
        settle(failed('runtime', stopping))
      }
      signal?.addEventListener('abort', end)
      const waiting: Waiting = {
        spec,
        run,
        since: performance.now(),
        attempts: 0,
        settle,
        timer: setTimeout(() => {
          pool.stopWaiting(waiting)
          const why = pool.starting > 0 ? 'no process ended its initialization' : 'no process was free'
          settle(failed('runtime', `${why} within ${waitMs} ms`))
        }, waitMs),
      }
      pool.waiting.push(waiting)
      this.#serve()
    })
  }

  #poolOf(applicationId: number): Pool {
    const existing = this.#pools.get(applicationId)
    if (existing) return existing
    const pool = new Pool(applicationId)
    this.#pools.set(applicationId, pool)
    return pool
  }

  /** Assigns waiting invocations to idle processes, and starts processes for the others within the limits. */
  #serve(): void {
    const hungry = [...this.#pools.values()].filter(({ waiting }) => waiting.length > 0)
    hungry.sort((a, b) => (a.waiting[0]?.since ?? 0) - (b.waiting[0]?.since ?? 0))
    for (const pool of hungry) {
      for (const waiting of [...pool.waiting]) {
        if (!this.#assign(pool, waiting)) break
      }
      this.#startMore(pool)
    }
  }

  #assign(pool: Pool, waiting: Waiting): boolean {
    const process = pool.idleFor(waiting.spec)
    if (!process) return false
    pool.stopWaiting(waiting)
    void this.#run(process, waiting)
    return true
  }

  async #run(process: FunctionProcess, waiting: Waiting): Promise<void> {
    waiting.process = process
    const outcome = await this.#tryRun(process, waiting.run)
    waiting.process = undefined
    if (outcome !== 'unbegun') return waiting.settle(outcome)
    waiting.attempts++
    if (waiting.attempts > 1 || this.#isClosed) {
      return waiting.settle(failed('crashed', 'its process ended before the function began, twice'))
    }
    this.#poolOf(waiting.spec.applicationId).waiting.unshift(waiting)
    this.#serve()
  }

  async #tryRun(process: FunctionProcess, run: Run): Promise<Outcome | 'unbegun'> {
    try {
      return await process.run(run)
    } catch {
      return failed('runtime', 'the event cannot be represented in JSON')
    }
  }

  #startMore(pool: Pool): void {
    const [first] = pool.waiting
    if (!first) return
    pool.retireOthers(first.spec)
    let { missing } = pool
    while (missing > 0 && this.#hasPlace(pool)) {
      missing--
      void this.#start(pool, first.spec)
    }
  }

  /** Makes room, if necessary, by ending the process of another application that has been idle longest. */
  #hasPlace(pool: Pool): boolean {
    const { processesMax, processesPerApplicationMax } = this.#options
    if (pool.living >= processesPerApplicationMax) return false
    const pools = [...this.#pools.values()]
    if (pools.reduce((sum, each) => sum + each.living, 0) < processesMax) return true
    const idle = pools
      .filter((each) => each !== pool && each.waiting.length === 0)
      .flatMap((each) => each.idle)
      .sort((a, b) => a.usedAt - b.usedAt)
    idle[0]?.retire()
    return idle.length > 0
  }

  async #start(pool: Pool, spec: RuntimeSpec): Promise<void> {
    const draft = { spec, isVoid: false }
    pool.preparing.add(draft)
    try {
      const [settings, order] = await this.#prepare(spec)
      pool.preparing.delete(draft)
      if (draft.isVoid) return this.#serve()
      const member: Member = {
        spec,
        process: new FunctionProcess(settings, order, {
          change: () => this.#onChange(pool, member),
          stale: (error) => {
            const fields = { applicationId: spec.applicationId, error: error.name }
            this.#options.log.warn(fields, 'code of a function failed after the end of its run')
          },
        }),
      }
      pool.members.add(member)
      if (member.process.pid) void this.#records.keep(member.process.pid, member.process.ended)
    } catch (error) {
      pool.preparing.delete(draft)
      const { applicationId } = spec
      this.#options.log.warn({ err: error, applicationId }, 'a process for functions could not be started')
      this.#failFirst(pool, failed('runtime', 'the runtime could not be started'))
    }
  }

  #onChange(pool: Pool, member: Member): void {
    if (member.process.state === 'ended') {
      pool.members.delete(member)
      if (member.process.failure) this.#failFirst(pool, member.process.failure)
    }
    this.#serve()
    if (pool.isEmpty) this.#pools.delete(pool.applicationId)
  }

  /** A process that fails to start was started for the first waiting invocation. */
  #failFirst(pool: Pool, failure: Outcome): void {
    const [first] = pool.waiting
    if (first) {
      pool.stopWaiting(first)
      first.settle(failure)
    }
    this.#serve()
  }

  #endIdle(): void {
    const since = performance.now() - this.#options.idleMs
    for (const process of [...this.#pools.values()].flatMap(({ idle }) => idle)) {
      if (process.usedAt <= since) process.retire()
    }
  }
}
