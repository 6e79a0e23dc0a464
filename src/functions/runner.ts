// Runs customers' functions, each application's in processes of its own.
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { LRUCache } from 'lru-cache'
import { type Bootstrap, buildBootstrap } from './bootstrap.ts'
import { compileHandler } from './compile.ts'
import { FunctionProcess, type ProcessSettings, type Run } from './function-process.ts'
import { ProcessRecords } from './left-overs.ts'
import { failed, type Outcome } from './outcome.ts'
import { prepareProcess, type RuntimeSpec } from './prepare.ts'
import type { ErrorReport, Script, StartOrder } from './protocol.ts'

/** What is to be run. */
export interface Invocation {
  /** Stands for the script: another script has another id. */
  versionId: number
  /** As the customer wrote it. */
  handlerScript: string
  /** What JSON can say. */
  event: unknown
  /** Such as `user.sent.message`. */
  eventType: string
  /** A bearer of the application, for the APIs of the context. */
  token: string
  /** Of the run alone. */
  timeoutMs: number
  /** Of the wait for a free process before; as long as the run where absent. */
  waitMs?: number
}

export interface RunnerOptions {
  /** For files that all processes read. */
  folder: string
  /** Whether functions may connect to what only this host or its network can reach. */
  egress: 'open' | 'guarded'
  /** Of JavaScript's heap in each process. */
  memoryMb?: number
  /** Of all applications together. */
  processesMax?: number
  processesPerApplicationMax?: number
  /** Invocations of one application that wait for a process; more are refused. */
  waitingMax?: number
  /** After which an idle process ends. */
  idleMs?: number
  /** How long `close` waits for what runs. */
  closeMs?: number
  log: { warn(fields: object, message: string): void }
}

const defaults = {
  memoryMb: 192,
  processesMax: 16,
  processesPerApplicationMax: 4,
  waitingMax: 1_000,
  idleMs: 300_000,
  closeMs: 5_000,
}

interface Member {
  spec: RuntimeSpec
  process: FunctionProcess
}

interface Waiting {
  spec: RuntimeSpec
  run: Run
  since: number
  attempts: number
  settle(outcome: Outcome): void
  timer: NodeJS.Timeout
}

interface Pool {
  applicationId: number
  members: Set<Member>
  /** Specs of processes whose files and addresses are still looked up. */
  preparing: Set<{ spec: RuntimeSpec; isVoid: boolean }>
  /** First come, first served. */
  waiting: Waiting[]
}

/** The processes of all applications. One for each server process; to be closed. */
export class FunctionRunner {
  readonly #options: RunnerOptions & typeof defaults
  readonly #pools = new Map<number, Pool>()
  readonly #scripts = new LRUCache<string, Script | { error: ErrorReport }>({
    max: 1_000,
    maxSize: 50_000_000,
    sizeCalculation: (_, source) => source.length * 3 + 1,
  })
  readonly #sweeper: NodeJS.Timeout
  readonly #records: ProcessRecords
  /** Nothing starts before. */
  readonly #swept: Promise<void>
  #bootstrap: Promise<Bootstrap> | undefined
  #isClosed = false

  constructor(options: RunnerOptions) {
    this.#options = { ...defaults, ...options }
    this.#records = new ProcessRecords(join(options.folder, 'processes'))
    this.#swept = this.#sweep()
    this.#sweeper = setInterval(() => this.#endIdle(), Math.min(10_000, this.#options.idleMs)).unref()
  }

  /** Whether this Node can confine functions at all: 22.13, 23.5 or later. */
  static readonly isSupported = process.allowedNodeEnvironmentFlags.has('--permission')

  /** Runs a function once. What goes wrong is in the outcome, never thrown. */
  async invoke(spec: RuntimeSpec, invocation: Invocation): Promise<Outcome> {
    if (!FunctionRunner.isSupported) return failed('runtime', 'functions need Node 22.13 or later')
    const script = await this.#compile(invocation.handlerScript, 'function.ts')
    if ('error' in script) return failed('threw', script.error)
    const initialization = await this.#compile(spec.initializationScript ?? '', 'initialization.ts')
    if ('error' in initialization) return failed('threw', initialization.error)
    if (this.#isClosed) return failed('runtime', 'the server is stopping')
    const { handlerScript: _, waitMs = invocation.timeoutMs, ...run } = invocation
    return this.#wait(spec, { ...run, script }, waitMs)
  }

  /** Invocations from now on run in new processes; those under way finish where they are. */
  deploy(applicationId: number): void {
    const pool = this.#pools.get(applicationId)
    if (!pool) return
    for (const each of pool.preparing) each.isVoid = true
    for (const { process } of pool.members) process.retire()
    this.#serve()
  }

  /** The ids of the applications that have processes, or wait for one. */
  applications(): number[] {
    return [...this.#pools.keys()]
  }

  /** Ends the processes of an application at once, with what they run. */
  async end(applicationId: number): Promise<void> {
    const pool = this.#pools.get(applicationId)
    if (!pool) return
    for (const each of pool.preparing) each.isVoid = true
    for (const each of pool.waiting.splice(0))
      this.#settle(each, failed('runtime', 'its application is gone'))
    const processes = [...pool.members].map(({ process }) => process)
    for (const process of processes) {
      process.retire()
      process.abandon('its application is gone')
    }
    await Promise.all(processes.map(({ ended }) => ended))
  }

  /** Ends all processes, those that run something after a while. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    const pools = [...this.#pools.values()]
    for (const { waiting, preparing } of pools) {
      for (const each of preparing) each.isVoid = true
      for (const each of waiting.splice(0)) this.#settle(each, failed('runtime', 'the server is stopping'))
    }
    const processes = pools.flatMap(({ members }) => [...members].map(({ process }) => process))
    for (const process of processes) {
      process.retire()
      if (process.state !== 'running') process.kill()
    }
    const late = setTimeout(() => {
      for (const process of processes) process.abandon('the server is stopping')
    }, this.#options.closeMs)
    await Promise.all(processes.map(({ ended }) => ended))
    clearTimeout(late)
  }

  /** The ids of the processes there are; of one application, or of all. */
  pids(applicationId?: number): number[] {
    const pools = [...this.#pools.values()].filter(
      (pool) => applicationId === undefined || pool.applicationId === applicationId,
    )
    return pools.flatMap(({ members }) => [...members].flatMap(({ process }) => process.pid ?? []))
  }

  async #sweep(): Promise<void> {
    const pids = await this.#records.sweep()
    if (pids.length > 0)
      this.#options.log.warn({ pids }, 'functions that an earlier server had left were ended')
  }

  async #prepare(spec: RuntimeSpec): Promise<[ProcessSettings, StartOrder]> {
    const initialization = await this.#compile(spec.initializationScript ?? '', 'initialization.ts')
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

  async #compile(source: string, file: string): Promise<Script | { error: ErrorReport }> {
    const known = this.#scripts.get(source)
    if (known && !('error' in known)) return known
    const compiled = await compileHandler(source)
    if ('error' in compiled) {
      const { message, line, column } = compiled.error
      return { error: { name: 'SyntaxError', message: `${file}:${line}:${column}: ${message}` } }
    }
    this.#scripts.set(source, compiled)
    return compiled
  }

  #wait(spec: RuntimeSpec, run: Run, waitMs: number): Promise<Outcome> {
    const pool = this.#poolOf(spec.applicationId)
    if (pool.waiting.length >= this.#options.waitingMax) {
      return Promise.resolve(failed('runtime', 'too many invocations of this application wait already'))
    }
    return new Promise((settle) => {
      const waiting: Waiting = {
        spec,
        run,
        since: performance.now(),
        attempts: 0,
        settle,
        timer: setTimeout(() => {
          pool.waiting = pool.waiting.filter((each) => each !== waiting)
          settle(failed('runtime', `no process was free within ${waitMs} ms`))
        }, waitMs),
      }
      pool.waiting.push(waiting)
      this.#serve()
    })
  }

  #poolOf(applicationId: number): Pool {
    const existing = this.#pools.get(applicationId)
    if (existing) return existing
    const pool: Pool = { applicationId, members: new Set(), preparing: new Set(), waiting: [] }
    this.#pools.set(applicationId, pool)
    return pool
  }

  #settle({ timer, settle }: Waiting, outcome: Outcome): void {
    clearTimeout(timer)
    settle(outcome)
  }

  /** Gives waiting invocations to idle processes, and starts processes for the others as far as there may be more. */
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
    const member = [...pool.members].find(
      ({ process, spec }) => process.state === 'idle' && !process.retired && isSame(spec, waiting.spec),
    )
    if (!member) return false
    pool.waiting = pool.waiting.filter((each) => each !== waiting)
    clearTimeout(waiting.timer)
    void this.#run(member, waiting)
    return true
  }

  async #run({ process }: Member, waiting: Waiting): Promise<void> {
    const outcome = await this.#tryRun(process, waiting.run)
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
      return failed('runtime', 'the event is nothing that JSON can say')
    }
  }

  #startMore(pool: Pool): void {
    const [first] = pool.waiting
    if (!first) return
    // Of an environment that is no longer: it only takes the place of one that is.
    for (const { process, spec } of pool.members) {
      if (process.state === 'idle' && !isSame(spec, first.spec)) process.retire()
    }
    const starting = [...pool.members].filter(({ process }) => process.state === 'starting').length
    let missing = pool.waiting.length - starting - pool.preparing.size
    while (missing > 0 && this.#hasPlace(pool)) {
      missing--
      void this.#start(pool, first.spec)
    }
  }

  /** Makes place, if need be, by ending the process of another application that was idle for longest. */
  #hasPlace(pool: Pool): boolean {
    const { processesMax, processesPerApplicationMax } = this.#options
    if (livingIn(pool) >= processesPerApplicationMax) return false
    const pools = [...this.#pools.values()]
    if (pools.reduce((sum, each) => sum + livingIn(each), 0) < processesMax) return true
    const idle = pools
      .filter((each) => each !== pool && each.waiting.length === 0)
      .flatMap(({ members }) => [...members].filter(({ process }) => process.state === 'idle'))
      .sort((a, b) => a.process.usedAt - b.process.usedAt)
    idle[0]?.process.retire()
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
            this.#options.log.warn(fields, 'what a function left behind failed after its end')
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
    if (pool.members.size + pool.preparing.size + pool.waiting.length === 0) {
      this.#pools.delete(pool.applicationId)
    }
  }

  /** What did not start was started for the one that waits first. */
  #failFirst(pool: Pool, failure: Outcome): void {
    const first = pool.waiting.shift()
    if (first) this.#settle(first, failure)
    this.#serve()
  }

  #endIdle(): void {
    const since = performance.now() - this.#options.idleMs
    for (const { members } of this.#pools.values()) {
      for (const { process } of members) {
        if (process.state === 'idle' && process.usedAt <= since) process.retire()
      }
    }
  }
}

function livingIn({ members, preparing }: Pool): number {
  return (
    [...members].filter(({ process }) => !['leaving', 'ended'].includes(process.state)).length +
    preparing.size
  )
}

function isSame(a: RuntimeSpec, b: RuntimeSpec): boolean {
  return a === b || isDeepStrictEqual(a, b)
}
