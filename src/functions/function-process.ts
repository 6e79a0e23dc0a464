// A process that runs functions of one application, one invocation at a time. Only then is it certain which invocation
// an endless loop, memory use or unhandled rejection belongs to, and ending the process ends no other work.
import type { Clock } from '#clock/clock.ts'
import { failed, type Outcome } from './outcome.ts'
import type { ErrorReport, Order, Report, Script, StartOrder, Usage } from './protocol.ts'
import { RunLogs } from './run-logs.ts'
import { cpuSecondsMax } from './sandbox.ts'
import { type End, memorySlackMb, SandboxedProcess } from './sandboxed-process.ts'

/** A compiled invocation. */
export interface Run {
  versionId: number
  script: Script
  event: unknown
  eventType: string
  token: string
  traceparent?: string
  timeoutMs: number
}

export interface ProcessSettings {
  mainFile: string
  readable: string[]
  folder: string
  /** Limit for JavaScript's heap; the whole process may use {@link memorySlackMb} more. */
  memoryMb: number
  clock: Clock
}

/** Called when the process becomes idle, and when it has ended. */
type Listener = () => void

const memoryCheckMs = 100
/** Code left behind by earlier runs may allocate too. */
const idleMemoryCheckMs = 2_000
/** A run that has not begun by then is blocked by code that an earlier run left behind. */
const beginMs = 3_000
const startMs = 15_000
const lingerMs = 6_000
const invocationsMax = 1_000

interface Current {
  id: number
  began: number
  begun: boolean
  settle(outcome: Outcome | 'unbegun'): void
  timers: NodeJS.Timeout[]
}

export class FunctionProcess {
  /** `leaving` means that it takes no more runs and lets code left behind finish. */
  state: 'starting' | 'idle' | 'running' | 'leaving' | 'ended' = 'starting'
  /** Whether it takes no more runs and ends after the current one. */
  retired = false
  /** The reason why the initialization script failed. */
  failure: Outcome | undefined
  /** When it was last used, on the clock of `performance`. */
  usedAt = performance.now()
  readonly #process: SandboxedProcess
  readonly #settings: ProcessSettings
  readonly #changed: Listener
  readonly #onStale: (error: ErrorReport) => void
  readonly #scripts = new Map<number, string>()
  readonly #idleWatch: NodeJS.Timeout
  #timers: NodeJS.Timeout[] = []
  #current: Current | undefined
  #logs: RunLogs
  #runs = 0

  constructor(
    settings: ProcessSettings,
    order: StartOrder,
    on: { change: Listener; stale(error: ErrorReport): void },
  ) {
    this.#settings = settings
    this.#logs = new RunLogs(settings.clock)
    this.#changed = on.change
    this.#onStale = on.stale
    this.#process = new SandboxedProcess(
      { ...settings, heapMb: settings.memoryMb },
      { report: (report) => this.#onReport(report), end: (end) => this.#onEnd(end) },
    )
    this.#process.send(JSON.stringify(order))
    this.#idleWatch = this.#process.watchMemory(idleMemoryCheckMs)
    this.#timers = [
      this.#after(startMs, () =>
        this.#process.end('timeout', `the initialization took more than ${startMs} ms`),
      ),
      this.#process.watchMemory(memoryCheckMs),
    ]
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get ended(): Promise<void> {
    return this.#process.ended
  }

  /**
   * @returns `unbegun` if the process ended before the run began, so that it can run elsewhere
   * @throws TypeError if the event cannot be represented as JSON
   */
  run({
    versionId,
    script,
    event,
    eventType,
    token,
    traceparent,
    timeoutMs,
  }: Run): Promise<Outcome | 'unbegun'> {
    if (this.state !== 'idle') throw new Error(`a process that is ${this.state} cannot run anything`)
    const id = this.#runs + 1
    const isNew = this.#scripts.get(versionId) !== script.code
    const clock = this.#settings.clock.state
    const order: Order = {
      type: 'run',
      id,
      versionId,
      event,
      eventType,
      token,
      clock,
      ...(traceparent !== undefined && { traceparent }),
      ...(isNew && { script }),
    }
    const line = JSON.stringify(order)
    this.state = 'running'
    this.#runs = id
    this.#process.resetOutput()
    this.#scripts.set(versionId, script.code)
    return new Promise((settle) => {
      this.#current = {
        id,
        began: performance.now(),
        begun: false,
        settle,
        timers: [
          this.#after(timeoutMs, () => this.#process.end('timeout', `it took more than ${timeoutMs} ms`)),
          this.#after(
            beginMs,
            () => this.#current?.begun || this.#process.end('crashed', 'it did not begin'),
          ),
          this.#process.watchMemory(memoryCheckMs),
        ],
      }
      this.#process.send(line)
    })
  }

  /** Lets the current run and code left behind finish. */
  retire(): void {
    this.retired = true
    if (this.state === 'starting') this.kill()
    if (this.state !== 'idle') return
    this.state = 'leaving'
    this.#process.release()
    this.#timers.push(this.#after(lingerMs, () => this.kill()))
  }

  kill(): void {
    this.#process.kill()
  }

  /** Ends the process; the current run fails with this message. */
  abandon(message: string): void {
    this.#process.end('runtime', message)
  }

  #after(ms: number, act: () => void): NodeJS.Timeout {
    return setTimeout(act, ms).unref()
  }

  /** @returns whether the report is valid in the current state */
  #onReport(report: Report): boolean {
    const isStart = report.type === 'ready' || report.type === 'unready'
    if (isStart && this.state !== 'starting') return false
    switch (report.type) {
      case 'ready':
        this.#onReady()
        break
      case 'unready':
        this.failure = failed('threw', report.error, { logs: this.#logs.lines })
        this.kill()
        break
      case 'stale':
        if (!this.retired) this.#onStale(report.error)
        this.retire()
        break
      case 'started':
        if (this.#current?.id === report.id) this.#current.begun = true
        break
      case 'log':
        if (this.#isOfNow(report)) this.#logs.add(report)
        break
      case 'cut':
        if (this.#isOfNow(report)) this.#logs.cut()
        break
      case 'done':
      case 'failed':
        this.#onResult(report)
    }
    return true
  }

  /** Returns whether a report belongs to the current run or to the initialization. */
  #isOfNow({ id }: { id: number }): boolean {
    return id === (this.#current?.id ?? (this.state === 'starting' ? 0 : undefined))
  }

  #onResult(report: Extract<Report, { type: 'done' | 'failed' }>): void {
    const current = this.#current
    if (report.id !== current?.id) return
    if (this.#isUsedUp(report.usage) || (report.type === 'failed' && report.spent)) this.retired = true
    if (report.type === 'done' && report.note !== undefined) {
      this.#logs.note(`the result is not recorded in full: ${report.note}`)
    }
    const facts = { logs: this.#logs.lines, durationMs: performance.now() - current.began }
    this.#finish(
      report.type === 'done'
        ? { status: 'SUCCEEDED', result: report.result, ...facts }
        : isRefusedMemory(report.error)
          ? failed('memory', this.#process.tooMuchMemory, facts)
          : failed('threw', report.error, facts),
    )
  }

  #onReady(): void {
    if (this.state !== 'starting') return
    this.#clearTimers()
    this.state = 'idle'
    this.#changed()
  }

  #isUsedUp({ residentBytes, cpuMs }: Usage): boolean {
    const leak = (this.#settings.memoryMb / 2 + memorySlackMb * 0.75) * 1024 * 1024
    return this.#runs >= invocationsMax || residentBytes > leak || cpuMs > (cpuSecondsMax * 1000) / 2
  }

  #finish(outcome: Outcome | 'unbegun'): void {
    const current = this.#current
    if (!current) return
    for (const timer of current.timers) clearTimeout(timer)
    this.#current = undefined
    this.#logs = new RunLogs(this.#settings.clock)
    this.usedAt = performance.now()
    if (this.state === 'running') this.state = 'idle'
    current.settle(outcome)
    if (this.retired) this.retire()
    this.#changed()
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers = []
  }

  #onEnd({ reason, message }: End): void {
    this.#clearTimers()
    clearInterval(this.#idleWatch)
    const wasStarting = this.state === 'starting'
    this.state = 'ended'
    const logs = this.#logs.lines
    if (wasStarting && !this.retired) {
      // The system may have ended a process that just ended; limits are only exceeded by customers' code.
      const cause = reason === 'crashed' ? 'runtime' : reason
      this.failure ??= failed(cause, `the runtime did not start: ${message}`, { logs })
    }
    const current = this.#current
    if (current && !current.begun && reason !== 'runtime') this.#finish('unbegun')
    else if (current)
      this.#finish(failed(reason, message, { logs, durationMs: performance.now() - current.began }))
    else this.#changed()
  }
}

/** Errors that the engine throws when the system refuses memory. */
function isRefusedMemory({ name, message }: ErrorReport): boolean {
  return (
    name === 'RangeError' &&
    /^(Failed to allocate memory|.*allocation failed|.*could not allocate memory)$/i.test(message)
  )
}
