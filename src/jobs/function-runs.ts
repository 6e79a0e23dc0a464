// Runs the functions that events trigger: each run at least once, in no particular order.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Context, Outcome } from '#context.ts'
import { presentEach } from '#domain/events/present-each.ts'
import { beginRuns } from '#domain/functions/runs/begin-runs.ts'
import { endLostRuns } from '#domain/functions/runs/end-lost-runs.ts'
import { forgetInvocations } from '#domain/functions/runs/forget-invocations.ts'
import { forgetRuns } from '#domain/functions/runs/forget-runs.ts'
import { giveBackQueuedRuns } from '#domain/functions/runs/give-back-queued-runs.ts'
import {
  giveBackRunsOfTheDead,
  type MissingNodes,
} from '#domain/functions/runs/give-back-runs-of-the-dead.ts'
import { loadRunSubjects } from '#domain/functions/runs/load-run-subjects.ts'
import { runFunction } from '#domain/functions/runs/run-function.ts'
import { setRunAside } from '#domain/functions/runs/set-run-aside.ts'
import { type QueuedRun, takeQueuedRuns } from '#domain/functions/runs/take-queued-runs.ts'
import { isDatabaseAway, isGone } from '#errors.ts'
import { Drain } from '#jobs/drain.ts'
import { presentFunctionEvent } from '#jobs/function-events.ts'

/**
 * Maximum number of concurrent runs in this process, and per application. Both are below the number of the runner's
 * processes, so that connecting users find one free and a slow application does not delay others.
 */
const runningMax = 12
const runningOfApplicationMax = 3
/** Maximum number of runs that are taken in advance, so that no run waits for the database. */
const takenMax = 192
const takenOfApplicationMax = 16
/** Maximum wait for a process of functions. */
const waitMs = 60_000

/** Another process may have queued runs, and retries become due. */
const sweepMs = 1_000
const givingBackMs = 2_000
const forgettingMs = 60_000
/** How long a stop waits for current runs, before it ends them, and for their outcomes to be recorded. */
const stopMs = 5_000

/** If the runtime failed, not the function, a run is retried, each time after four times the previous delay. */
const attemptsMax = 5
const retryMs = 1_000

interface Ready {
  run: QueuedRun
  event: Record<string, unknown>
}

/** The runs that this process has taken for one application. */
interface Line {
  waiting: Ready[]
  /** The current runs, by id. */
  running: Map<number, Promise<void>>
}

export class FunctionRuns {
  readonly #ctx: Context
  readonly #taking: Drain
  readonly #forgetting: Drain
  /** Taken runs by application; the first application is served next. */
  readonly #lines = new Map<number, Line>()
  #state: 'new' | 'open' | 'stopping' = 'new'
  readonly #stopped = new AbortController()
  #givenBackAt = -givingBackMs
  #missing: MissingNodes = new Map()
  /** Invocations that seemed to be lost at the last look. */
  #lost: number[] = []

  constructor(ctx: Context) {
    const { log } = ctx
    this.#ctx = ctx
    this.#taking = new Drain(log, sweepMs, () => this.#take())
    this.#forgetting = new Drain(
      log,
      forgettingMs,
      async () => ctx.node.isLeader && (await forgetInvocations(ctx)) > 0,
    )
  }

  /** Starts to run functions. The server must already listen, because functions call the API. */
  start(): void {
    this.#state = 'open'
    this.#taking.start()
    this.#forgetting.start()
  }

  /** Requests a look for due runs. */
  signal(): void {
    if (this.#state === 'open') this.#taking.signal()
  }

  /** Resolves when due runs are taken, as far as there is capacity, and old invocations are deleted. */
  async look(): Promise<void> {
    if (this.#state === 'open') await Promise.all([this.#taking.look(), this.#forgetting.look()])
  }

  /**
   * Takes no more runs, and ends those that do not end soon, while the API still answers them: another process, or this
   * one once it is back, executes them again.
   */
  async stop(): Promise<void> {
    this.#state = 'stopping'
    await Promise.all([this.#taking.stop(), this.#forgetting.stop()])
    const all = Promise.all([...this.#lines.values()].flatMap(({ running }) => [...running.values()]))
    const soon = () => Promise.race([all, sleep(stopMs, undefined, { ref: false })])
    await soon()
    this.#stopped.abort()
    await soon()
    const untried = [...this.#lines.values()].flatMap(({ waiting }) => waiting.map(({ run }) => run.id))
    await giveBackQueuedRuns(this.#ctx, [], untried).catch((error) =>
      this.#ctx.log.warn({ err: error }, 'function runs could not be released'),
    )
  }

  /** Releases runs of dead processes, and runs taken by this one that could not begin, and ends their records. */
  async #giveBack(): Promise<void> {
    if (performance.now() - this.#givenBackAt < givingBackMs) return
    this.#givenBackAt = performance.now()
    const taken = [...this.#lines.values()].flatMap(({ waiting, running }) => [
      ...waiting.map(({ run }) => run.id),
      ...running.keys(),
    ])
    await giveBackQueuedRuns(this.#ctx, taken)
    this.#lost = await endLostRuns(this.#ctx, this.#lost)
    const missing = this.#missing
    this.#missing = new Map() // if the database cannot be asked, nobody knows who is missing
    if (this.#ctx.node.isLeader) this.#missing = await giveBackRunsOfTheDead(this.#ctx, missing)
  }

  /** @returns whether there may be more runs and capacity for them */
  async #take(): Promise<boolean> {
    const ctx = this.#ctx
    await this.#giveBack()
    const busy = new Map([...this.#lines].map(([id, line]) => [id, line.waiting.length + line.running.size]))
    const total = takenMax - [...busy.values()].reduce((sum, runs) => sum + runs, 0)
    if (total <= 0) return false // the next run to end will signal
    const { runs, more } = await takeQueuedRuns(ctx, { busy, perApplication: takenOfApplicationMax, total })
    if (runs.length === 0) return more
    const presented = await presentEach(runs, {
      load: (some) => loadRunSubjects(ctx, some),
      present: (run, subjects) => presentFunctionEvent(ctx, run, subjects),
      async setAside(run, error) {
        await setRunAside(ctx, run, error)
        return []
      },
    })
    const gone: number[] = []
    for (const [run, event] of presented) {
      if (event) this.#lineOf(run.applicationId).waiting.push({ run, event })
      else gone.push(run.id)
    }
    await forgetRuns(ctx, gone)
    this.#serve()
    return more
  }

  #lineOf(applicationId: number): Line {
    const line = this.#lines.get(applicationId) ?? { waiting: [], running: new Map() }
    this.#lines.set(applicationId, line)
    return line
  }

  /** Starts as many runs as there is capacity for, one per application in turn. */
  #serve(): void {
    if (this.#state !== 'open') return
    let free = runningMax - [...this.#lines.values()].reduce((sum, { running }) => sum + running.size, 0)
    for (let begun = true; begun && free > 0; ) {
      begun = false
      for (const [applicationId, line] of [...this.#lines]) {
        if (free === 0 || line.running.size >= runningOfApplicationMax) continue
        const next = line.waiting.shift()
        if (!next) continue
        line.running.set(next.run.id, this.#run(applicationId, line, next))
        // Moves the application to the end of the order.
        this.#lines.delete(applicationId)
        this.#lines.set(applicationId, line)
        free--
        begun = true
      }
    }
  }

  async #run(applicationId: number, line: Line, { run, event }: Ready): Promise<void> {
    const { function: current, id } = run
    const { signal } = this.#stopped
    const follow = (outcome: Outcome) => ({ id, ...retryOf(run, outcome, signal.aborted) })
    try {
      const [invocationId] = await beginRuns(this.#ctx, [{ id, function: current, event }])
      const { functionTimeoutMs: timeoutMs } = this.#ctx.config
      const { traceparent } = run.payload
      const begun = { function: current, event, timeoutMs, waitMs, follow, signal, traceparent }
      if (invocationId !== undefined) await runFunction(this.#ctx, { ...begun, invocationId })
    } catch (error) {
      await this.#notRecorded(run, error)
    }
    line.running.delete(id)
    if (line.waiting.length < runningOfApplicationMax) this.#taking.signal()
    if (line.waiting.length + line.running.size === 0) this.#lines.delete(applicationId)
    this.#serve()
  }

  /** The run is released and repeated, up to the maximum number of attempts. */
  async #notRecorded(run: QueuedRun, error: unknown): Promise<void> {
    const { log } = this.#ctx
    if (!isGone(error) && (run.attempts < attemptsMax || isDatabaseAway(error))) {
      log.warn({ err: error, functionId: run.functionId }, 'the outcome of a function run could not be saved')
      return
    }
    await setRunAside(this.#ctx, run, error).catch((fault) =>
      log.warn({ err: fault, functionId: run.functionId }, 'a function run could not be set aside'),
    )
  }
}

function retryOf({ attempts }: QueuedRun, outcome: Outcome, isStopped: boolean): { retryMs?: number } {
  if (isStopped && outcome.status === 'FAILED' && outcome.reason === 'runtime') return { retryMs: 0 }
  const isOurs = outcome.status === 'FAILED' && ['crashed', 'runtime'].includes(outcome.reason)
  return isOurs && attempts < attemptsMax ? { retryMs: retryMs * 4 ** (attempts - 1) } : {}
}
